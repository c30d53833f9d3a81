import type { LedgerEntry } from '../ledger/account-book.ts';

/** Who a user is, for people: the names here, those on-premises where they differ, and what the account is pinned to. */
export function personRows(entry: LedgerEntry): string[][] {
  return [
    ['user', entry.userPrincipalName ?? entry.wantedPrincipal ?? 'no userPrincipalName'],
    ['name here', entry.samAccountName ?? 'none: the account is not there'],
    ...(differs(entry.samAccountName, entry.wantedName) ? [['name on-premises', entry.wantedName!]] : []),
    ...(differs(entry.userPrincipalName, entry.wantedPrincipal)
      ? [['userPrincipalName on-premises', entry.wantedPrincipal!]]
      : []),
    ['source anchor', entry.anchor],
    ['pinned to', `${entry.objectGuid} of ${entry.forest}`],
  ];
}

/** What an account is called here is not what its forest says. */
const differs = (has: string | null, wanted: string | null): boolean =>
  has !== null && wanted !== null && has !== wanted;
