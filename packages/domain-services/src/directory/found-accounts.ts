import { bytesOf, decodeGuid, type LdapConnection, type LdapEntry, textOf } from '@causeway/ldap';
import { MARK_ATTRIBUTE } from './account-mark.ts';

/** An account as the directory has it. */
export interface DirectoryAccount {
  guid: string;
  samAccountName: string;
  userPrincipalName: string | undefined;
}

/** An account with what it says about itself. */
export interface FoundAccount extends DirectoryAccount {
  /** Its text in the attribute of our marks. */
  mark: string;
  /** The nonce that we created it with; undefined if we did not create it. */
  nonce: string | undefined;
}

/** An account with everything that somebody may have changed by hand. */
export interface SeenAccount extends DirectoryAccount {
  dn: string;
  userAccountControl: string;
  /** FILETIME; 0: must be changed. */
  pwdLastSet: string;
  /** FILETIME; 0 and the largest one: never. */
  accountExpires: string;
}

export const seenOf = (entry: LdapEntry): SeenAccount => ({
  ...accountOf(entry),
  dn: entry.dn,
  userAccountControl: textOf(entry, 'userAccountControl') ?? '',
  pwdLastSet: textOf(entry, 'pwdLastSet') ?? '0',
  accountExpires: textOf(entry, 'accountExpires') ?? '0',
});

export const SEEN = ['userAccountControl', 'pwdLastSet', 'accountExpires'];
export const NAMES = ['objectGUID', 'sAMAccountName', 'userPrincipalName'];
export const NONCE = 'mS-DS-ConsistencyGuid';
/** Long, because the search reads the whole directory. */
export const SCAN_TIMEOUT_MS = 600_000;

export const accountOf = (entry: LdapEntry): DirectoryAccount => ({
  guid: decodeGuid(bytesOf(entry, 'objectGUID')!),
  samAccountName: textOf(entry, 'sAMAccountName') ?? '',
  userPrincipalName: textOf(entry, 'userPrincipalName'),
});

export function nonceOf(entry: LdapEntry): string | undefined {
  const nonce = bytesOf(entry, NONCE);
  return nonce?.length === 16 ? decodeGuid(nonce) : undefined;
}

/** Every user account in the whole domain, wherever it was moved to, page by page. */
export async function* foundAccounts(directory: {
  base: string;
  use<T>(work: (ldap: LdapConnection) => Promise<T>): Promise<T>;
}): AsyncGenerator<FoundAccount[]> {
  const attributes = [...NAMES, NONCE, MARK_ATTRIBUTE, 'isCriticalSystemObject'];
  const filter = '(&(objectCategory=person)(objectClass=user))';
  const options = { filter, attributes, timeoutMs: SCAN_TIMEOUT_MS };
  const pages = await directory.use(async ldap => ldap.searchPages(directory.base, options));
  for (;;) {
    const page = await directory.use(() => pages.next());
    if (page.done) return;
    const people = page.value.filter(one => textOf(one, 'isCriticalSystemObject') !== 'TRUE');
    yield people.map(entry => ({
      ...accountOf(entry),
      mark: textOf(entry, MARK_ATTRIBUTE) ?? '',
      nonce: nonceOf(entry),
    }));
  }
}
