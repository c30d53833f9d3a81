import { EncryptionType, type KerberosKeys, ntHash, stringToKey, wipeKeys } from '@causeway/credentials';
import {
  CLOUD_FOREST,
  CredentialSealer,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type PublicKeyInfo,
  type SigningKey,
  signAccountRecord,
  signingPublicKey,
} from '@causeway/records';
import { dateToDstime } from '@causeway/wire';
import { keepEncapsulation } from '../changes/encapsulations.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { confirmedDomain } from './domain-confirmation.ts';
import type { User } from './users.ts';

/** What the records of a cloud-only user say, and what their sequence follows. */
export type CloudUser = Pick<
  User,
  | 'id'
  | 'user_principal_name'
  | 'mail_nickname'
  | 'account_enabled'
  | 'credential_record'
  | 'account_sequence'
> & { readonly deleted: boolean };

/** The tenant's own signing key, made at its first use. It signs cloud-only users and groups, never a forest's. */
export async function signingKeyOf(scope: TenantScope): Promise<SigningKey> {
  const stored = () => scope.select('signing_keys').select('private_key').executeTakeFirst();
  let row = await stored();
  if (!row) {
    const made = { private_key: exportSigningKey(generateSigningKey()), created_at: scope.now() };
    // If two processes make one at the same time, the first one's counts.
    await scope
      .insert('signing_keys', made)
      .onConflict(conflict => conflict.column('tenant_id').doNothing())
      .execute();
    row = await stored();
  }
  return importSigningKey(row!.private_key);
}

export async function readTenantKey(scope: TenantScope): Promise<PublicKeyInfo> {
  return signingPublicKey(await signingKeyOf(scope));
}

/** Follows the rule of every signer: the clock's value, but larger than every earlier sequence of this user. */
function nextSequence(scope: TenantScope, user: CloudUser): number {
  return Math.max((user.account_sequence ?? 0) + 1, scope.clock.now() * 1000);
}

/**
 * The columns of an account record of a user's current state. INVARIANT: a revoked password does not live on in the managed domain.
 * Until the current one is sealed (a temporary one never is), the account is disabled there.
 */
export async function accountColumns(inside: TenantScope, user: CloudUser, changedSeq: number) {
  const account_sequence = nextSequence(inside, user);
  const account_record = signAccountRecord(await signingKeyOf(inside), {
    tenant: inside.tenantId,
    forest: CLOUD_FOREST,
    sourceAnchor: user.id,
    objectGuid: user.id,
    sequence: account_sequence,
    userPrincipalName: user.user_principal_name,
    sAMAccountName: user.mail_nickname!,
    objectSid: null,
    enabled: user.account_enabled && user.credential_record !== null && !user.deleted,
    accountExpires: null,
    deleted: user.deleted,
  });
  return {
    account_sequence,
    account_record,
    account_received_at: inside.now(),
    account_outcome: null,
    account_reason: null,
    changed_seq: changedSeq,
    news_seq: changedSeq,
  };
}

export type LegacyColumns = Pick<
  User,
  | 'credential_record'
  | 'encapsulation_id'
  | 'credential_record_received_at'
  | 'credential_sequence'
  | 'legacy_sequence'
  | 'legacy_outcome'
  | 'legacy_reason'
  | 'legacy_reported_at'
  | 'legacy_applied_at'
>;

/** Of a user without legacy credentials. */
export const NO_LEGACY: LegacyColumns = {
  credential_record: null,
  encapsulation_id: null,
  credential_record_received_at: null,
  credential_sequence: null,
  legacy_sequence: null,
  legacy_outcome: null,
  legacy_reason: null,
  legacy_reported_at: null,
  legacy_applied_at: null,
};

/** Versions of password orders count seconds from here. */
const FIRST_VERSION_AT = Date.UTC(2020, 0, 1);

/**
 * The position of a password among all that the user ever had. The clock makes its version larger than any before, including those that a
 * restored database has lost: otherwise the managed domain would reject the next password as older.
 */
export function nextOrder(scope: TenantScope, user: Pick<User, 'order_version'>, now: Date) {
  return {
    order_version: Math.max(
      (user.order_version ?? 0) + 1,
      Math.floor((now.getTime() - FIRST_VERSION_AT) / 1000),
    ),
    order_time: Number(dateToDstime(now)),
    order_invocation_id: scope.tenantId,
  };
}

/**
 * The columns of a password's legacy credentials. NT hash and AES keys are made, sealed to the managed domain's key
 * and forgotten. Without a managed domain whose keys are confirmed there are none.
 * @param changedSeq of this change
 */
export async function credentialColumns(
  inside: TenantScope,
  user: CloudUser,
  password: string,
  order: ReturnType<typeof nextOrder>,
  changedSeq: number,
): Promise<LegacyColumns> {
  const domain = await confirmedDomain(inside);
  if (!domain) return NO_LEGACY;
  const sealer = await CredentialSealer.open(domain.key);
  const secret = {
    ntHash: ntHash(password),
    kerberosKeys: aesKeys(`${domain.realm.toUpperCase()}${user.mail_nickname}`, password),
  };
  try {
    const sequence = nextSequence(inside, user);
    const header = {
      tenant: inside.tenantId,
      forest: CLOUD_FOREST,
      sourceAnchor: user.id,
      objectGuid: user.id,
      sequence,
      passwordOrder: {
        version: order.order_version,
        originatingTime: order.order_time,
        originatingInvocationId: order.order_invocation_id,
      },
      mustChange: false,
    };
    const record = await sealer.seal(await signingKeyOf(inside), header, secret);
    await keepEncapsulation(inside, changedSeq, sealer.encapsulation);
    return {
      ...NO_LEGACY,
      credential_record: record,
      encapsulation_id: changedSeq,
      credential_record_received_at: inside.now(),
      credential_sequence: sequence,
    };
  } finally {
    sealer.close();
    secret.ntHash.fill(0);
    wipeKeys(secret.kerberosKeys);
  }
}

function aesKeys(salt: string, password: string): KerberosKeys {
  const key = (enctype: number) => ({ enctype, key: stringToKey(enctype, password, salt) });
  return { salt, iterations: 4096, keys: [key(EncryptionType.aes256), key(EncryptionType.aes128)] };
}

/**
 * Signs account records of cloud-only users in their current state.
 * @param which 'unrecorded': those from before the tenant signed any; 'everybody': for another domain, because their current passwords
 * are not sealed to it, and it may have earlier passwords that were revoked since
 */
export async function recordCloudUsers(
  inside: TenantScope,
  which: 'unrecorded' | 'everybody',
  next: () => number,
): Promise<void> {
  const users = await inside
    .select('users')
    .selectAll()
    .where('origin', '=', 'cloud')
    .$if(which === 'unrecorded', all => all.where('account_record', 'is', null))
    .where('deleted_at', 'is', null)
    .execute();
  for (const user of users) {
    const record = await accountColumns(inside, { ...user, deleted: false }, next());
    await inside.update('users').set(record).where('id', '=', user.id).execute();
  }
}
