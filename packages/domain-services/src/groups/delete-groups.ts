import type { BulkList } from '@causeway/service';
import { type GroupEntry, withoutGroup } from '../ledger/groups/group-book.ts';
import { slotOfName } from '../names/naming.ts';
import { keyOf } from '../person.ts';
import { REASONS } from '../refusals.ts';
import type { GroupContext } from './group-context.ts';

const deletionsOf = (forest: string): BulkList => ({ scope: forest, operation: 'delete', kind: 'group' });

/**
 * Deletes groups whose records say so, once the feed of groups is read to its end. If a forest has more deletions than the limit, none of
 * them is carried out until an administrator approves. @returns how many were deleted
 */
export async function deleteGroups(context: GroupContext, threshold: number): Promise<number> {
  const { ledger, log } = context;
  if (!ledger.state.get('groupsReadAt')) return 0;
  const pending = Map.groupBy(ledger.groups.pendingDeletes(), ({ forest }) => forest);
  const forests = new Set([...pending.keys(), ...ledger.bulk.scopes('delete')]);
  if (forests.size === 0) return 0;
  let deleted = 0;
  const objects = ledger.groups.countByForest();
  for (const forest of forests) {
    const list = deletionsOf(forest);
    const entries = pending.get(forest) ?? [];
    if (entries.length === 0 && !ledger.bulk.isHolding(list)) continue;
    const lines = entries.map(entry => ({ anchor: entry.anchor, change: String(entry.sequence), entry }));
    const counts = { objects: objects.get(forest) ?? 0, threshold };
    const decided = ledger.bulk.decideDeletions(list, lines, counts, ledger.now());
    const { go, approved, held, fresh, limit } = decided;
    for (const { entry } of fresh) noteHeld(context, entry);
    if (fresh.length > 0)
      log.error(
        { forest, waiting: held.length, limit },
        `ALARM: deletions of groups are held; to review them: causeway domain deletions --forest '${forest}'`,
      );
    for (const { entry } of [...approved, ...go]) if (await deleteOne(context, entry)) deleted++;
  }
  return deleted;
}

async function deleteOne(
  { ledger, directory, log, later }: GroupContext,
  entry: GroupEntry,
): Promise<boolean> {
  const { forest, anchor, managedGuid, nonce, hasName } = entry;
  if (later.isEarly(keyOf(entry))) return false;
  const result =
    nonce === null
      ? ({ ok: false, gone: true, reason: '' } as const)
      : await directory.delete(managedGuid!, nonce);
  if (!result.ok && !result.gone) {
    const { reason } = result;
    if (later.put(keyOf(entry))) log.warn({ forest, anchor, reason }, 'cannot delete a group; retrying');
    return false;
  }
  later.done(keyOf(entry));
  ledger.transaction(() => {
    // The group may have come back meanwhile.
    ledger.groups.save(withoutGroup(ledger.groups.of(entry)!));
    for (const kind of ['group', 'name'] as const) ledger.problems.clear(entry, kind);
    ledger.bulk.noteWent(deletionsOf(forest), anchor, ledger.now());
    if (hasName !== null) ledger.names.touch([slotOfName(hasName)]);
  });
  return true;
}

function noteHeld({ ledger }: GroupContext, { forest, anchor, sequence }: GroupEntry): void {
  const code = 'deletion-threshold';
  ledger.problems.save({
    ...{ forest, anchor, kind: 'group', verified: true, outcome: 'waiting', code, acceptable: null },
    ...{ reason: REASONS[code], sequence: sequence ?? 0, at: ledger.timestamp() },
  });
}
