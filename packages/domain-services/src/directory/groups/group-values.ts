import type { GroupEntry } from '../../ledger/groups/group-book.ts';
import { nameWithDigits } from '../../names/made-up-name.ts';
import { accountMark } from '../account-mark.ts';
import type { Values } from '../attributes.ts';
import { accountDn } from '../structure.ts';

/** [MS-ADTS] 2.2.12: groups are universal here, so that nesting never meets the limit of a scope. */
export const UNIVERSAL_SECURITY = '-2147483640';
export const UNIVERSAL_DISTRIBUTION = '8';
/** The schema's largest `cn`. */
const MAX_CN = 64;

/** The DN of a group with this name. If `cn` cannot hold the name, digits distinguish names with the same beginning. */
export function groupDn(name: string, users: string): string {
  return accountDn(name.length <= MAX_CN ? name : nameWithDigits(name, name, MAX_CN), users);
}

/** Everything that a group's record says except its name, and whose it is. It is always complete, so writing it twice changes nothing. */
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
