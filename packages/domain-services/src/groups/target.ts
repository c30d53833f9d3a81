import { CLOUD_FOREST } from '@causeway/records';
import { domainSidOf, type ForestOfSid } from '../apply/on-premises-sid.ts';
import type { DueMembership, Referenced } from '../ledger/groups/membership-book.ts';

/** A reference that is a SID. No anchor of a forest looks like one. */
export const isSid = (reference: string): boolean => reference.startsWith('S-1-');

export interface Holders {
  holdersOf: (sid: string) => (Referenced & { forest: string })[];
  forestOfSid: ForestOfSid;
}

/**
 * The objectGUID of the member that a reference stands for in a group, or null for none. INVARIANT: a slice that is older than the deletion
 * of an object says nothing about that object. A SID counts only if its domain is confirmed for its holder's forest, and never in a group
 * of the tenant's own. While a deletion is pending, the membership stays as it is: an administrator may be looking at it.
 */
export function targetOf(
  { reference, sequence, written, referenced }: DueMembership,
  group: { forest: string },
  { holdersOf, forestOfSid }: Holders,
): string | null {
  if (sequence === null) return null;
  if (isSid(reference)) {
    if (group.forest === CLOUD_FOREST) return null;
    const domainSid = domainSidOf(reference);
    const forest = domainSid === undefined ? undefined : forestOfSid(domainSid);
    if (forest === undefined) return null;
    const [holder, ...others] = holdersOf(reference).filter(one => one.forest === forest);
    if (holder === undefined || others.length > 0) return null;
    return holder.isLeaving && written !== holder.managedGuid ? null : holder.managedGuid;
  }
  if (referenced?.managedGuid == null) return null;
  if (referenced.isLeaving) return written === referenced.managedGuid ? written : null;
  return sequence > (referenced.deletedSequence ?? 0) ? referenced.managedGuid : null;
}
