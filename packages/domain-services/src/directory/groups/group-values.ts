import type { GroupEntry } from '../../ledger/groups/group-book.ts';
import { nameWithDigits } from '../../names/made-up-name.ts';
import { accountMark } from '../account-mark.ts';
import type { Values } from '../attributes.ts';
import { accountDn } from '../structure.ts';

/** [MS-ADTS] 2.2.12: groups are universal here, so that no limit of a scope is met when they are nested. */
export const UNIVERSAL_SECURITY = '-2147483640';
export const UNIVERSAL_DISTRIBUTION = '8';
/** The schema's largest `cn`. */
const MAX_CN = 64;

/** Where a group of this name is. Of a name that `cn` cannot hold, the digits tell what begins alike apart. */
export function groupDn(name: string, users: string): string {
  return accountDn(name.length <= MAX_CN ? name : nameWithDigits(name, name, MAX_CN), users);
}

/** All that a group's record says of it but its name, and whose it is; all of it, so that a second time changes nothing. */
export function groupValues(
  entry: Pick<GroupEntry, 'forest' | 'anchor' | 'objectGuid' | 'securityEnabled' | 'displayName' | 'mail'>,
): Values {
  const { securityEnabled, displayName, mail } = entry;
  return {
    groupType: [securityEnabled ? UNIVERSAL_SECURITY : UNIVERSAL_DISTRIBUTION],
    displayName: displayName === null ? [] : [displayName],
    mail: mail === null ? [] : [mail],
    ...accountMark(entry),
  };
}
