import { randomUUID } from 'node:crypto';
import { encodeGuid } from '@causeway/ldap';
import { nameKey } from '@causeway/wire';
import { NONCE } from '../directory/found-accounts.ts';
import { groupValues } from '../directory/groups/group-values.ts';
import type { WriteResult } from '../directory/write.ts';
import { type GroupEntry, withoutGroup } from '../ledger/groups/group-book.ts';
import { slotOfName } from '../names/naming.ts';
import { isSamePerson, keyOf } from '../person.ts';
import { REASONS, type Refused, refuse } from '../refusals.ts';
import type { GroupContext, Stop } from './group-context.ts';
import { decideGroupName, nameCandidates } from './group-names.ts';

/** Makes or changes groups as their records say, each by itself. @returns how many were */
export async function writeGroups(
  context: GroupContext,
  due: readonly GroupEntry[],
  stop: Stop = { aborted: false },
): Promise<number> {
  const { ledger, domain, later } = context;
  const entries = due.filter(entry => !later.isEarly(keyOf(entry)));
  const holders = await holdersOf(context, entries);
  let written = 0;
  for (const entry of entries) {
    if (stop.aborted) break;
    const { name, problem } = decideGroupName(
      entry,
      domain,
      holders,
      entry.managedGuid,
      givenAway(context, entry),
    );
    saveNameProblem(context, entry, problem);
    if (entry.writtenSequence === entry.sequence && name === entry.hasName) continue;
    const result: WriteResult =
      name === undefined ? noName : await writeGroup(context, ledger.groups.of(entry)!, name);
    if (note(context, entry, result)) written++;
    const after = ledger.groups.of(entry)!;
    if (after.hasName !== null && after.managedGuid !== null)
      holders.set(nameKey(after.hasName), [after.managedGuid]);
  }
  return written;
}

/** Which names an administrator gave to another object than this group. */
function givenAway({ ledger, domain }: GroupContext, group: GroupEntry): (name: string) => boolean {
  return name => {
    const given = ledger.names.given(slotOfName(name), domain.realm);
    return given !== undefined && !isSamePerson(given, group);
  };
}

const noName: WriteResult = { ok: false, gone: false, reason: 'every name that it could have is taken' };

/** The holders of the names that the groups may get, by key. */
async function holdersOf(
  context: GroupContext,
  entries: readonly GroupEntry[],
): Promise<Map<string, string[]>> {
  const { directory, domain } = context;
  const isCalledSo = (one: GroupEntry) =>
    one.managedGuid !== null && one.hasName === one.wantedName && !givenAway(context, one)(one.hasName ?? '');
  const names = entries.filter(one => !isCalledSo(one)).flatMap(one => nameCandidates(one, domain).names);
  const found = names.length === 0 ? [] : await directory.holders(names, []);
  const holders = new Map<string, string[]>();
  for (const { samAccountName, guid } of found) {
    const key = nameKey(samAccountName);
    holders.set(key, [...(holders.get(key) ?? []), guid]);
  }
  return holders;
}

async function writeGroup(context: GroupContext, entry: GroupEntry, name: string): Promise<WriteResult> {
  const { ledger, groups } = context;
  const there = entry.managedGuid === null ? await make(context, entry, name) : entry;
  if ('ok' in there) return there;
  const guid = there.managedGuid!;
  if (there.hasName !== name) {
    const renamed = await groups.rename(guid, there.hasName ?? name, name);
    if (!renamed.ok) return renamed;
    if (there.hasName !== null) ledger.names.touch([slotOfName(there.hasName)]);
  }
  const changed = await groups.change(guid, groupValues(there));
  // If the record has changed since, the group is due again.
  if (changed.ok) ledger.groups.save({ ...ledger.groups.of(entry)!, hasName: name, ...writtenAs(there) });
  return changed;
}

const writtenAs = ({ sequence }: GroupEntry) => ({ writtenSequence: sequence });

/** Creates the group, or restores its tombstone. Either way its nonce finds it again after a kill. */
async function make(
  { ledger, groups }: GroupContext,
  before: GroupEntry,
  name: string,
): Promise<GroupEntry | WriteResult> {
  const save = (changes: Partial<GroupEntry>): GroupEntry => {
    const entry = { ...ledger.groups.of(before)!, ...changes };
    ledger.groups.save(entry);
    return entry;
  };
  const { nonce: had, hasName } = before;
  const found = had === null || hasName === null ? undefined : await groups.findMade(hasName, had);
  if (found !== undefined) return save({ managedGuid: found });
  const nonce = randomUUID();
  const { lastManagedGuid } = save({ nonce, hasName: name });
  if (lastManagedGuid !== null) {
    const restored = await groups.restore(lastManagedGuid, name, nonce);
    if (restored.ok) return save({ managedGuid: lastManagedGuid });
    if (restored.refused) return restored;
    const { sequence } = before;
    saveAside(ledger, before, refuse('made-anew', sequence ?? 0));
  }
  const made = await groups.make(name, { ...groupValues(before), [NONCE]: [encodeGuid(nonce)] });
  if (made.guid === undefined) return made;
  return save({ managedGuid: made.guid });
}

function saveNameProblem({ ledger }: GroupContext, entry: GroupEntry, problem: Refused | undefined): void {
  if (problem === undefined) ledger.problems.clear(entry, 'name');
  else saveAside(ledger, entry, problem, 'name');
}

function saveAside(
  ledger: GroupContext['ledger'],
  { forest, anchor }: GroupEntry,
  { kind: outcome, code, reason, acceptable, sequence }: Refused,
  kind: 'name' | 'sid' = 'sid',
): void {
  const problem = { outcome, code, reason, acceptable, sequence, at: ledger.timestamp() };
  ledger.problems.save({ forest, anchor, verified: true, kind, ...problem });
}

/** Reports a refusal once, and retries it. Creates a group again that is missing. @returns whether the group is written */
function note({ ledger, log, later }: GroupContext, before: GroupEntry, result: WriteResult): boolean {
  const { forest, anchor } = before;
  if (result.ok) {
    later.done(keyOf(before));
    ledger.problems.clear(before, 'group', 'group-not-written');
    return true;
  }
  const entry = ledger.groups.of(before)!;
  const { reason } = result;
  if (result.gone && entry.managedGuid !== null) {
    log.warn({ forest, anchor }, 'a group is missing; creating it again');
    ledger.groups.save(withoutGroup(entry));
    return false;
  }
  if (later.put(keyOf(before))) log.warn({ forest, anchor, reason }, 'cannot write a group yet; retrying');
  const code = 'group-not-written';
  ledger.problems.save({
    ...{ forest, anchor, kind: 'group', verified: true, outcome: 'failed', code, acceptable: null },
    ...{ reason: `${REASONS[code]}: ${reason}`, sequence: entry.sequence ?? 0, at: ledger.timestamp() },
  });
  return false;
}
