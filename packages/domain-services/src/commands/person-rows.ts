import type { ManagedAccount } from '@causeway/contract';

/** Describes a user for the administrator: the names here, those on-premises where they differ, and what the account is pinned to. */
export function personRows(entry: ManagedAccount): string[][] {
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

/** Whether an account's name here differs from what its forest says. */
const differs = (has: string | null, wanted: string | null): boolean =>
  has !== null && wanted !== null && has !== wanted;
