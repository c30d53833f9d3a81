import { parentDn } from '@causeway/ldap';
import { dateToFiletime, FILETIME_NEVER } from '@causeway/wire';
import { controlValues, isDisabled, type Values } from '../../directory/attributes.ts';
import type { SeenAccount } from '../../directory/found-accounts.ts';
import type { LedgerEntry } from '../../ledger/account-book.ts';
import type { HandClosing } from '../../ledger/hand-book.ts';

/** What somebody other than Domain Services did to one of our accounts. */
export interface ByHand {
  /** The account is closed although its forest says otherwise. This is reported, and left to an administrator. */
  closed: HandClosing | undefined;
  /** The values that undo what opens the account; undefined if nothing does. */
  state: Values | undefined;
  /** It expires later than its forest says, or never. */
  prolonged: boolean;
  moved: boolean;
  renamed: boolean;
  /** Domain Services did not write the password. */
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
  // Other bits that were set by hand are cleared, which must not enable a disabled account.
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

/** As a FILETIME. 0 and negative values mean never, too. */
function endOf(accountExpires: string): bigint {
  const filetime = BigInt(accountExpires);
  return filetime > 0n ? filetime : FILETIME_NEVER;
}

/** Everything that sets a password records when, and the ledger knows when Domain Services did. */
function isForeignPassword(
  { hasCredential, withdrawn, credentialAt }: LedgerEntry,
  lastSet: string,
): boolean {
  if ((!hasCredential && !withdrawn) || credentialAt === null) return false;
  // 0 means: change it before the next sign-in, which nobody can do here.
  return lastSet !== '0' && lastSet !== String(dateToFiletime(new Date(credentialAt)));
}
