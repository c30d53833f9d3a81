import { EncryptionType, type KerberosKeys } from '@causeway/credentials';
import { dstimeToDate, type Filetime, filetimeToDate } from '@causeway/wire';
import type { ReplicatedUser } from './replication.ts';

const ENCRYPTION_NAMES = new Map<number, string>([
  [EncryptionType.desCrc, 'des-cbc-crc'],
  [EncryptionType.desMd5, 'des-cbc-md5'],
  [EncryptionType.aes128, 'aes128-cts-hmac-sha1-96'],
  [EncryptionType.aes256, 'aes256-cts-hmac-sha1-96'],
  [EncryptionType.aes128Sha256, 'aes128-cts-hmac-sha256-128'],
  [EncryptionType.aes256Sha384, 'aes256-cts-hmac-sha384-192'],
  [EncryptionType.rc4, 'rc4-hmac'],
]);

/** userAccountControl's bits that describe the account ([MS-ADTS] 2.2.16). */
const ACCOUNT_FLAGS = {
  disabled: 0x2,
  lockedOut: 0x10,
  passwordNotRequired: 0x20,
  normalAccount: 0x200,
  interdomainTrust: 0x800,
  workstation: 0x1000,
  domainController: 0x2000,
  passwordNeverExpires: 0x1_0000,
  smartCardRequired: 0x4_0000,
  notDelegated: 0x10_0000,
  desKeysOnly: 0x20_0000,
  noPreauthentication: 0x40_0000,
} as const;

/** A user in a form that may be shown: secrets only as lengths and key types. A salt is no secret. */
export interface DescribedUser {
  objectGuid: string;
  objectSid?: string | undefined;
  distinguishedName: string;
  sAMAccountName?: string | undefined;
  userPrincipalName?: string | undefined;
  deleted: boolean;
  userAccountControl?: { value: number; flags: string[] } | undefined;
  /** ISO 8601, or `must change` for 0. */
  pwdLastSet?: string | undefined;
  ntHash: { bytes: number } | 'absent' | 'cleared';
  kerberosKeys:
    | { salt: string; iterations: number; keys: { enctype: number; name: string; bytes: number }[] }
    | 'absent'
    | 'cleared'
    | 'none';
  passwordOrder?: { version: number; originatingTime: string; originatingInvocationId: string } | undefined;
  keysProblem?: string | undefined;
  problem?: string | undefined;
}

export function describeUser(user: ReplicatedUser): DescribedUser {
  const { objectGuid, objectSid, distinguishedName, sAMAccountName, userPrincipalName } = user;
  const { keysProblem, problem } = user;
  const { userAccountControl: control, pwdLastSet, ntHash, kerberosKeys, passwordOrder: order } = user;
  return {
    ...{ objectGuid, objectSid, distinguishedName, sAMAccountName, userPrincipalName },
    deleted: user.isDeleted,
    userAccountControl: control === undefined ? undefined : { value: control, flags: accountFlags(control) },
    pwdLastSet: pwdLastSet === undefined ? undefined : describeTime(pwdLastSet),
    ntHash: typeof ntHash === 'string' ? ntHash : { bytes: ntHash.length },
    kerberosKeys: typeof kerberosKeys === 'string' ? kerberosKeys : describeKeys(kerberosKeys),
    passwordOrder: order && {
      version: order.version,
      originatingTime: dstimeToDate(BigInt(order.originatingTime)).toISOString(),
      originatingInvocationId: order.originatingInvocationId,
    },
    keysProblem,
    problem,
  };
}

/** The same for people: one name and value per line. */
export function userRows(user: DescribedUser): [string, string][] {
  const { userAccountControl: control, ntHash, kerberosKeys, passwordOrder: order } = user;
  const hash = typeof ntHash === 'string' ? ntHash : `${ntHash.bytes} bytes`;
  const keys =
    typeof kerberosKeys === 'string'
      ? [kerberosKeys]
      : kerberosKeys.keys.map(key => `${key.name}, ${key.bytes} bytes`);
  const salt =
    typeof kerberosKeys === 'string'
      ? undefined
      : `${kerberosKeys.salt} (${kerberosKeys.iterations} iterations)`;
  const rows: [string, string | undefined][] = [
    ['distinguishedName', user.distinguishedName],
    ['objectGUID', user.objectGuid],
    ['objectSid', user.objectSid],
    ['sAMAccountName', user.sAMAccountName],
    ['userPrincipalName', user.userPrincipalName],
    ['deleted', user.deleted ? 'yes' : 'no'],
    ['userAccountControl', control && `${control.value} (${control.flags.join(', ')})`],
    ['pwdLastSet', user.pwdLastSet],
    ['password version', order && `${order.version}, written ${order.originatingTime}`],
    ['  at database', order?.originatingInvocationId],
    ['NT hash', hash],
    ...keys.map((key, i): [string, string] => [i === 0 ? 'Kerberos keys' : '', key]),
    ['  salt', salt],
    ['  why none', user.keysProblem],
    ['problem', user.problem],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function accountFlags(control: number): string[] {
  return Object.entries(ACCOUNT_FLAGS)
    .filter(([, bit]) => (control & bit) !== 0)
    .map(([name]) => name);
}

function describeTime(time: Filetime): string {
  if (time === 0n) return 'must change at next logon';
  const date = filetimeToDate(time);
  return Number.isNaN(date.getTime()) ? `${time}` : date.toISOString();
}

function describeKeys({ salt, iterations, keys }: KerberosKeys): DescribedUser['kerberosKeys'] {
  return {
    salt,
    iterations,
    keys: keys.map(({ enctype, key }) => ({
      enctype,
      name: ENCRYPTION_NAMES.get(enctype) ?? `encryption type ${enctype}`,
      bytes: key.length,
    })),
  };
}
