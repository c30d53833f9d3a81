import { parentDn } from '@causeway/ldap';
import { dateToFiletime, FILETIME_NEVER } from '@causeway/wire';
import { controlValues, isDisabled, type Values } from '../../directory/attributes.ts';
import type { SeenAccount } from '../../directory/found-accounts.ts';
import type { LedgerEntry } from '../../ledger/account-book.ts';
import type { HandClosing } from '../../ledger/hand-book.ts';

/** What somebody else than Domain Services did to an account of ours. */
export interface ByHand {
  /** It is closed though its forest says otherwise: told, and left to an administrator. */
  closed: HandClosing | undefined;
  /** What opens, as it is to be; undefined where nothing does. */
  state: Values | undefined;
  /** It expires later than its forest says, or never. */
  prolonged: boolean;
  moved: boolean;
  renamed: boolean;
  /** The password is none that Domain Services wrote. */
  password: boolean;
}

const NOTHING: ByHand = {
  closed: undefined,
  state: undefined,
  prolonged: false,
  moved: false,
  renamed: false,
  password: false,
};

/**
 * Compares an account as the directory has it with the ledger.
 * @param seen undefined where the directory has no such account
 * @param enabled whether it may be enabled
 * @param users DN of the container of all accounts
 */
export function decideByHand(
  entry: LedgerEntry,
  seen: SeenAccount | undefined,
  enabled: boolean,
  users: string,
): ByHand {
  if (seen === undefined) return { ...NOTHING, closed: 'deleted' };
  const disabled = isDisabled(seen.userAccountControl);
  // Whatever else of its bits was set by hand goes, and a disabled account is not enabled by that.
  const state = controlValues(enabled && !disabled);
  const ours = entry.accountExpires === null ? undefined : endOf(entry.accountExpires);
  const theirs = endOf(seen.accountExpires);
  const shortened = ours !== undefined && theirs < ours;
  return {
    closed: !enabled ? undefined : disabled ? 'disabled' : shortened ? 'expired' : undefined,
    state: state.userAccountControl![0] === seen.userAccountControl ? undefined : state,
    prolonged: ours !== undefined && theirs > ours,
    moved: parentDn(seen.dn).toLowerCase() !== users.toLowerCase(),
    renamed:
      seen.samAccountName !== entry.samAccountName ||
      (seen.userPrincipalName ?? null) !== entry.userPrincipalName,
    password: isForeignPassword(entry, seen.pwdLastSet),
  };
}

/** As a FILETIME: 0 and less are never, too. */
function endOf(accountExpires: string): bigint {
  const filetime = BigInt(accountExpires);
  return filetime > 0n ? filetime : FILETIME_NEVER;
}

/** Everything that sets a password notes when, and Domain Services has put down when it did. */
function isForeignPassword(
  { hasCredential, withdrawn, credentialAt }: LedgerEntry,
  lastSet: string,
): boolean {
  if ((!hasCredential && !withdrawn) || credentialAt === null) return false;
  // 0: to be changed before the next sign-in, which nobody can do here.
  return lastSet !== '0' && lastSet !== String(dateToFiletime(new Date(credentialAt)));
}
