import { coversEverybody } from '@causeway/records';
import { readAccountMark } from '../directory/account-mark.ts';
import type { Values } from '../directory/attributes.ts';
import { groupValues } from '../directory/groups/group-values.ts';
import { type FoundGroup, MAX_MEMBERS } from '../directory/groups/managed-groups.ts';
import { type GroupEntry, newGroup, withoutGroup } from '../ledger/groups/group-book.ts';
import type { GroupContext } from './group-context.ts';

/** How the directory differs from what was written. */
export interface Look {
  /** Groups to write again, groups that are missing, and groups that this ledger did not know. */
  differing: number;
  missing: number;
  adopted: number;
}

export type LookContext = Pick<GroupContext, 'ledger' | 'groups' | 'log'>;

/** Looks at all groups in the directory, without their members, and updates the ledger with what is there. */
export async function lookAtGroups(context: LookContext): Promise<Look> {
  const { ledger, groups } = context;
  const look: Look = { differing: 0, missing: 0, adopted: 0 };
  const there = new Set<string>();
  for await (const page of groups.all())
    ledger.transaction(() => {
      for (const found of page) {
        there.add(found.guid);
        lookAt(context, found, look);
      }
    });
  for (const entry of ledger.groups.allManaged()) {
    if (there.has(entry.managedGuid!)) continue;
    // Someone may have removed only the mark: the group can still be there.
    const isThere = await groups.isThere(entry.managedGuid!);
    ledger.groups.save(isThere ? { ...entry, writtenSequence: null } : withoutGroup(entry));
    look[isThere ? 'differing' : 'missing']++;
  }
  return look;
}

function lookAt({ ledger, log }: LookContext, found: FoundGroup, look: Look): void {
  const { guid, nonce, samAccountName: hasName } = found;
  const mark = readAccountMark(found.mark);
  const entry = ledger.groups.ofGroup(guid) ?? (mark && ledger.groups.of(mark));
  if (entry?.managedGuid === guid) {
    if (entry.writtenSequence === null || (hasName === entry.hasName && isAsWritten(entry, found))) return;
    ledger.groups.save({ ...entry, hasName, writtenSequence: null });
    look.differing++;
    return;
  }
  // The ledger's word alone must not get a group deleted: its nonce in the directory has to confirm it.
  if (nonce === undefined || (entry === undefined && mark?.objectGuid === undefined)) return;
  if (entry?.managedGuid != null) {
    log.error({ guid }, 'two groups claim to be the same group; review both');
    return;
  }
  const known = entry ?? { ...newGroup(mark!, mark!.objectGuid!), securityEnabled: isSecurity(found) };
  ledger.groups.save({ ...known, managedGuid: guid, nonce, hasName, writtenSequence: null });
  look.adopted++;
}

/** [MS-ADTS] 2.2.12: the highest bit. */
const isSecurity = ({ groupType }: FoundGroup): boolean => Number(groupType) < 0;

function isAsWritten(entry: GroupEntry, { groupType, displayName, mail, mark }: FoundGroup): boolean {
  if (entry.writtenSequence !== entry.sequence) return true; // it is written again anyway
  const wanted = groupValues(entry);
  const found: Values = {
    groupType: [groupType],
    displayName: displayName === null ? [] : [displayName],
    mail: mail === null ? [] : [mail],
    adminDescription: [mark],
  };
  return Object.entries(wanted).every(([name, [value]]) => found[name]?.[0] === value);
}

/**
 * Compares the members of a group with those that were written: adds back who was removed, and removes who was added by hand. Removes
 * nobody before it is known of every member whether they belong to the group.
 * @returns how many were corrected, or will be
 */
export async function lookAtMembers(
  { ledger, groups }: LookContext,
  entry: GroupEntry,
): Promise<{ strangers: number; lost: number; isWhole: boolean }> {
  const { managedGuid, sequence, deleted } = entry;
  const none = { strangers: 0, lost: 0, isWhole: sequence !== null };
  if (managedGuid === null || sequence === null || deleted) return none;
  const found = await groups.members(managedGuid);
  if (found === undefined) return none;
  const written = ledger.memberships.written(entry);
  const lost = [...written].filter(([guid]) => !found.has(guid));
  const isKnown =
    !!ledger.state.get('groupsReadAt') &&
    coversEverybody(ledger.slices.of(entry).map(({ prefix }) => prefix));
  const strangers = ledger.transaction(() => {
    for (const [, key] of lost) ledger.memberships.removed(entry, key);
    return [...found].filter(guid => !written.has(guid) && !ledger.memberships.adopt(entry, guid));
  });
  if (!isKnown) return { strangers: 0, lost: lost.length, isWhole: false };
  let taken = 0;
  for (let at = 0; at < strangers.length; at += MAX_MEMBERS) {
    const some = strangers.slice(at, at + MAX_MEMBERS);
    if ((await groups.changeMembers(managedGuid, 'delete', some)).ok) taken += some.length;
  }
  return { strangers: taken, lost: lost.length, isWhole: true };
}
