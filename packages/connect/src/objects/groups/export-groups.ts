import { setImmediate as othersTurn } from 'node:timers/promises';
import { GROUP_RECORDS, type GroupChange, isDone, isReadBy, type Verdict } from '@causeway/contract';
import { faultPoint, mapLimit } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import type { Run } from '../../runs/run.ts';
import { isStranger } from '../../store/comparing/marks.ts';
import { reserveSequences } from '../../store/sequence.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { ConnectorStore } from '../../store/store.ts';
import { listOfDeletion } from '../leavers.ts';
import { isWhole, noteRefusal, quarantine, WITHOUT_NAME, withoutName } from '../note-verdict.ts';
import { decideGroupExport } from './decide-group-export.ts';
import {
  groupDeletionsOf,
  groupWhileWaiting,
  holdGroups,
  noteStrangerGroupWent,
  type WaitingGroups,
} from './waiting-groups.ts';

/** What an export counts. */
interface Counts {
  upserted: number;
  deleted: number;
  refused: number;
  retried: number;
  suppressedDeletes: number;
}

/** The counts of the cycle and of the run. */
interface Tally {
  readonly summary: Counts;
  readonly run: Run;
}

/** Whether the place that announced this accepts groups and their members. */
export const takesGroups = (accepts: readonly string[] | undefined): boolean =>
  GROUP_RECORDS.every(name => isReadBy(accepts, name));

/**
 * Exports every group whose copy in the tenant differs from what it should be, deletions first. A tenant of the previous release gets
 * nothing: groups wait, and status reports it.
 *
 * @param signal ends it between two batches
 * @returns whether slices may follow
 */
export async function exportGroups(
  context: ConnectorContext,
  tally: Tally,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { summary } = tally;
  const { store, tenant } = context;
  forgetGone(store);
  const isIdle = store.groups.countPending('upsert') + store.groups.countPending('delete') === 0;
  if (isIdle && store.slices.count().waiting === 0) return false;
  if (!takesGroups((await tenant.configuration()).accepts)) return false;
  const waiting = holdGroups(context);
  summary.suppressedDeletes += waiting.deletions.size;
  const before = summary.upserted + summary.deleted;
  for (const operation of ['delete', 'upsert'] as const)
    await exportAll(context, operation, waiting, tally, signal);
  if (summary.upserted + summary.deleted > before)
    store.bulk.noteObjects(groupDeletionsOf(context), store.groups.countExported(), store.db.now());
  forgetGone(store);
  return true;
}

function forgetGone({ groups, lists }: ConnectorStore): void {
  for (const guid of groups.removeForgotten()) lists.remove(guid);
}

async function exportAll(
  context: ConnectorContext,
  operation: 'upsert' | 'delete',
  waiting: WaitingGroups,
  tally: Tally,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { store, settings } = context;
  const now = store.clock.now();
  async function* batches(): AsyncGenerator<Item[], void> {
    for (let after = ''; ; ) {
      signal?.throwIfAborted();
      const objects = store.groups.pending(operation, after, settings.objectBatch, now);
      if (objects.length === 0) return;
      after = objects.at(-1)!.guid;
      const going = objects.flatMap(object => {
        if (waiting.strangers.has(object.guid)) return [];
        return waiting.deletions.has(object.guid) ? (groupWhileWaiting(object) ?? []) : [object];
      });
      const items = going.length > 0 ? await makeBatch(context, going, tally) : [];
      if (items.length > 0) yield items;
    }
  }
  // As with users, the next batch is signed while one is at the tenant.
  await mapLimit(batches(), 1, items => sendBatch(context, items, tally));
}

interface Item {
  object: SpaceObject;
  change: GroupChange;
  sequence: number;
}

/** Groups signed before other work gets a turn. */
const PORTION = 25;

async function makeBatch(
  context: ConnectorContext,
  objects: readonly SpaceObject[],
  tally: Tally,
): Promise<Item[]> {
  const { store, agent, connector } = context;
  tally.run.isAtWork = true;
  const first = reserveSequences(store.db, objects.length, store.runs.along);
  const items: Item[] = [];
  for (const [i, object] of objects.entries()) {
    if (i % PORTION === 0) await othersTurn();
    const { tenantId, signingKey } = agent;
    const sequence = first + i;
    const said = { tenant: tenantId, forest: connector.forest, signingKey };
    const decision = decideGroupExport(object, sequence, said);
    if ('change' in decision) items.push({ object, sequence, ...decision });
    else quarantine(context, object, { code: 'invalid', reason: decision.problem }, tally);
  }
  return items;
}

async function sendBatch(context: ConnectorContext, items: readonly Item[], tally: Tally): Promise<void> {
  const { store, tenant, connector } = context;
  faultPoint('connect.before-groups');
  const verdicts = await tenant.exportGroups(
    connector.forest,
    items.map(({ change }) => change),
  );
  faultPoint('connect.after-groups');
  store.runs.transaction(() => {
    items.forEach((item, i) => {
      applyVerdict(context, item, verdicts[i]!, tally);
    });
    if (items.some(({ object }, i) => object.exportedDigest !== undefined && isWhole(verdicts[i]!)))
      store.queue.hurryAll('attribute-value-must-be-unique');
  });
}

function applyVerdict(context: ConnectorContext, item: Item, verdict: Verdict, tally: Tally): void {
  const { store } = context;
  const { summary, run } = tally;
  const { object, sequence } = item;
  const { guid, anchor, desiredDigest } = object;
  const done = isDone(verdict);
  if (desiredDigest === undefined && (done || verdict.code === 'unknown-group')) {
    summary.deleted += 1;
    run.count('deletes');
    if (isStranger(object)) noteStrangerGroupWent(context, object);
    else if (done) store.bulk.noteWent(listOfDeletion(context, 'group', object), anchor, store.db.now());
    if (done) store.deletions.note(anchor, { sequence, name: isStranger(object) ? null : nameOf(object) });
    store.groups.acknowledgeExport(guid, undefined, sequence);
    store.queue.remove('object', guid);
    const group = store.lists.get(guid);
    // Slices older than the deletion are worthless: if the group comes back, all are signed again.
    if (group) store.slices.reset(group.id);
  } else if (done) {
    summary.upserted += 1;
    run.count(object.exportedDigest === undefined || isStranger(object) ? 'adds' : 'updates');
    const refused = verdict.code === undefined ? '' : WITHOUT_NAME;
    store.groups.acknowledgeExport(guid, `${refused}${desiredDigest}`, sequence);
    takeOver(context, guid);
    if (verdict.code === undefined) store.queue.remove('object', guid);
    else withoutName(context, object, verdict, run);
  } else noteRefusal(context, object, verdict, tally);
}

/** A group that came from another domain of the forest. If it returns there, all its slices are signed again. */
function takeOver({ domains, store }: ConnectorContext, guid: string): void {
  const former = store.groups.elsewhere.takeOver(guid);
  for (const domain of domains) {
    const group = former.includes(domain.store.name) ? domain.store.lists.get(guid) : undefined;
    if (group) domain.store.slices.reset(group.id);
  }
}

/** The name that people know it by. */
const nameOf = ({ attributes, dn }: SpaceObject): string => String(attributes.sAMAccountName ?? dn);
