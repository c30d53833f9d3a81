import { buildSupplementalCredentials, keysProblem } from '@causeway/credentials';
import type { LdapAttributes, LdapChange } from '@causeway/ldap';
import type { AccountRecord, CredentialSecret } from '@causeway/records';
import { dateToFiletime, FILETIME_NEVER } from '@causeway/wire';

/** [MS-ADTS] 2.2.16: a normal account, and a disabled one. No other bit comes from outside. */
const NORMAL_ACCOUNT = 0x200;
const ACCOUNT_DISABLED = 0x002;
/** The same section: a locked account. Samba computes this bit and stores it nowhere. */
const LOCKOUT = 0x010;

/** Attribute values to write; an empty list removes the attribute. */
export type Values = Record<string, (string | Uint8Array)[]>;

export function controlValues(enabled: boolean): Values {
  return { userAccountControl: [String(enabled ? NORMAL_ACCOUNT : NORMAL_ACCOUNT | ACCOUNT_DISABLED)] };
}

/** Whether a userAccountControl from the directory is that of a disabled account. */
export const isDisabled = (control: string): boolean => (Number(control) & ACCOUNT_DISABLED) !== 0;

/** Everything that the signed account record says except names and the SID. It is always complete, so writing it twice changes nothing. */
export function accountValues(record: AccountRecord): Values {
  return {
    accountExpires: [expiryOf(record)],
  };
}

/** The `accountExpires` that a record asks for: FILETIME in decimal. */
export const expiryOf = ({ accountExpires }: Pick<AccountRecord, 'accountExpires'>): string =>
  accountExpires === null ? String(FILETIME_NEVER) : expiry(new Date(accountExpires));

/**
 * NT hash and Kerberos keys as one set: missing keys are removed. The result holds secrets: wipe it.
 *
 * @param random a source of random bytes, for the two DES keys that nothing may match
 */
export function credentialValues(
  secret: CredentialSecret,
  mustChange: boolean,
  now: Date,
  random: (length: number) => Uint8Array,
): Values {
  const keys = secret.kerberosKeys;
  return {
    unicodePwd: [secret.ntHash],
    // If Samba rejects the keys, write none: the NT hash then stands alone, and RC4 with it.
    supplementalCredentials:
      keys && keysProblem(keys) === undefined ? [buildSupplementalCredentials(keys, random)] : [],
    // 0 means: change at the next sign-in. A missing value reads as 0 too, so always write it.
    pwdLastSet: [mustChange ? '0' : String(dateToFiletime(now))],
  };
}

const HASH_LENGTH = 16;

/**
 * Removes an account's credential: a hash that no known password has, and no Kerberos keys.
 *
 * @param random a source of random bytes
 */
export function withdrawalValues(now: Date, random: (length: number) => Uint8Array): Values {
  return {
    unicodePwd: [random(HASH_LENGTH)],
    supplementalCredentials: [],
    pwdLastSet: [String(dateToFiletime(now))],
  };
}

/** Overwrites the secrets among the values. */
export function wipeValues(values: Values): void {
  for (const name of ['unicodePwd', 'supplementalCredentials']) {
    for (const value of values[name] ?? []) if (typeof value !== 'string') value.fill(0);
  }
}

export function asAttributes(values: Values): LdapAttributes {
  return Object.fromEntries(Object.entries(values).filter(([, list]) => list.length > 0));
}

/**
 * What replaces the values of an existing account. A new userAccountControl without the lockout bit lifts the lockout ([MS-SAMR]
 * 3.1.1.8.10), so it always has the bit, and only `lockoutTime` lifts one.
 */
export function replacements(values: Values): [attribute: string, values: Values[string]][] {
  const keepingLockout = (control: string | Uint8Array) => String(Number(control) | LOCKOUT);
  return Object.entries(values).map(([attribute, list]) => [
    attribute,
    attribute === 'userAccountControl' ? list.map(keepingLockout) : list,
  ]);
}

export function asChanges(values: Values): LdapChange[] {
  return replacements(values).map(([attribute, list]) => ({
    operation: 'replace',
    attribute,
    values: list,
  }));
}

/** Active Directory reads 0 and less as never, so a date before 1601 becomes its first moment, which has expired, too. */
function expiry(date: Date): string {
  const filetime = dateToFiletime(date);
  return String(filetime > 0n ? filetime : 1n);
}
