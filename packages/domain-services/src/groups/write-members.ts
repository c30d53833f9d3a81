import { MAX_MEMBERS } from '../directory/groups/managed-groups.ts';
import type { WriteResult } from '../directory/write.ts';
import { type GroupEntry, withoutGroup } from '../ledger/groups/group-book.ts';
import type { DueMembership } from '../ledger/groups/membership-book.ts';
import { keyOf, type Person } from '../person.ts';
import type { GroupContext, Stop } from './group-context.ts';
import { type Holders, targetOf } from './target.ts';

export type MemberOperation = 'add' | 'delete';

/** A pending change of a membership, and the objectGUID to add or to remove. */
interface Change {
  due: DueMembership;
  guid: string;
}

/**
 * Writes what is pending in all groups, in steps small enough that a kill only repeats one. @returns how many memberships were written
 * @param operation removals run before additions, across all groups: revoking access comes before granting it
 */
export async function writeMembers(
  context: GroupContext,
  operation: MemberOperation,
  signal: Stop,
  before: (entry: GroupEntry) => Promise<void> = async () => {},
): Promise<number> {
  const { ledger } = context;
  let written = 0;
  let group: Person | undefined;
  while (!signal.aborted) {
    group = ledger.memberships.nextDue(group, operation === 'delete');
    if (group === undefined) return written;
    const entry = ledger.groups.of(group);
    // A deleted group stays as it is until its deletion is carried out.
    if (entry === undefined || entry.managedGuid === null || entry.deleted || entry.sequence === null)
      continue;
    await before(entry);
    written += await writeMembersOf(context, entry, operation, signal);
  }
  return written;
}

async function writeMembersOf(
  context: GroupContext,
  group: GroupEntry,
  operation: MemberOperation,
  signal: Stop,
): Promise<number> {
  const { ledger } = context;
  const holders: Holders = {
    holdersOf: sid => ledger.memberships.holdersOf(sid),
    forestOfSid: sid => ledger.sids.forestOf(sid),
  };
  let written = 0;
  let last: DueMembership | undefined;
  do {
    const due = ledger.memberships.due(group, operation === 'delete', MAX_MEMBERS, last);
    last = due.length === MAX_MEMBERS ? due.at(-1) : undefined;
    const changes = ledger.transaction(() =>
      due.flatMap(one => begin(context, group, one, targetOf(one, group, holders), operation) ?? []),
    );
    const done = await writeChanges(context, group, changes, operation);
    if (done === undefined) return written;
    written += done;
  } while (last !== undefined && !signal.aborted);
  return written;
}

/** What to write of a membership in this pass. If there is nothing to write, the membership is stored as done. */
function begin(
  { ledger, later }: GroupContext,
  group: GroupEntry,
  due: DueMembership,
  target: string | null,
  operation: MemberOperation,
): Change | undefined {
  const { written } = due;
  if (target === written) {
    ledger.memberships.begin(group, due);
    ledger.memberships.wrote(group, due, written);
    return undefined;
  }
  const guid = operation === 'delete' ? written : target;
  // While a member could not be removed, the one that takes its place is not added.
  if (guid === null || (operation === 'add' && written !== null)) return undefined;
  if (later.isEarly(whatOf(group, guid))) return undefined;
  ledger.memberships.begin(group, due);
  if (operation === 'delete' && ledger.memberships.isWrittenOtherwise(group, due, guid)) {
    finish({ ledger }, group, { due, guid }, operation, target);
    return undefined;
  }
  return { due, guid };
}

/** @returns how many were written; undefined if the group is missing */
async function writeChanges(
  context: GroupContext,
  group: GroupEntry,
  changes: readonly Change[],
  operation: MemberOperation,
): Promise<number | undefined> {
  if (changes.length === 0) return 0;
  const { ledger, groups } = context;
  const guid = group.managedGuid!;
  const all = await groups.changeMembers(
    guid,
    operation,
    changes.map(one => one.guid),
  );
  if (all.ok) {
    ledger.transaction(() => {
      for (const change of changes) finish(context, group, change, operation);
    });
    return changes.length;
  }
  if (!(await groups.isThere(guid))) {
    ledger.groups.save(withoutGroup(ledger.groups.of(group)!));
    return undefined;
  }
  // One of the changes fails, and so the whole request.
  let written = 0;
  for (const change of changes) {
    const one = await groups.changeMembers(guid, operation, [change.guid]);
    const isGone = !one.ok && operation === 'delete' && !(await groups.isThere(change.guid));
    if (one.ok || isGone) finish(context, group, change, operation);
    else noteRefused(context, group, change, one);
    if (one.ok) written++;
  }
  return written;
}

function finish(
  { ledger }: Pick<GroupContext, 'ledger'>,
  group: GroupEntry,
  { due, guid }: Change,
  operation: MemberOperation,
  target: string | null = null,
): void {
  ledger.memberships.wrote(group, due, operation === 'add' ? guid : null);
  if (operation === 'delete' && (target !== null || due.sequence !== null))
    ledger.memberships.removed(group, due);
}

function noteRefused(
  { log, later }: GroupContext,
  group: GroupEntry,
  { due, guid }: Change,
  result: WriteResult,
): void {
  const { forest, anchor } = group;
  if (!later.put(whatOf(group, guid)) || result.ok) return;
  const { reason } = result;
  log.warn({ forest, anchor, member: due.reference, reason }, 'cannot write a member of a group; retrying');
}

const whatOf = (group: Person, member: string): string => `${keyOf(group)} ${member}`;
