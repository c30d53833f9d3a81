import { setImmediate as othersTurn } from 'node:timers/promises';
import { isDone, isReadBy, type ObjectChange, type Verdict } from '@causeway/contract';
import { faultPoint, mapLimit } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { readsWith } from '../pairing/signed-reads.ts';
import type { Run } from '../runs/run.ts';
import { isSaidAnew, isStranger } from '../store/comparing/marks.ts';
import { reserveSequences } from '../store/sequence.ts';
import type { SpaceObject } from '../store/space-object.ts';
import { decideExport } from './decide-export.ts';
import { exportGroups } from './groups/export-groups.ts';
import { exportSlices } from './groups/export-slices.ts';
import { holdLeavers, listOfDeletion } from './leavers.ts';
import { holdRenames } from './names/renames.ts';
import {
  isWhole,
  noteRefusal,
  quarantine,
  WITHOUT_NAME,
  withoutName,
  withoutValues,
} from './note-verdict.ts';
import {
  creationsOf,
  decideWaiting,
  disabledWhileWaiting,
  nameOf,
  noteExported,
  strangersOf,
  type Waiting,
} from './waiting.ts';

export interface ExportSummary {
  upserted: number;
  deleted: number;
  refused: number;
  retried: number;
  /** Deletions that wait for an administrator. */
  suppressedDeletes: number;
  /** New users who wait for an administrator. */
  suppressedCreations: number;
  /** Slices of groups' member lists. */
  slices: number;
}

/**
 * Exports every object whose copy in the tenant differs from what it should be. Deletions go first, because another user may now have a
 * deleted user's name. Groups follow users, and members follow groups. The connector space keeps what is left to do, so the next export
 * resumes one that was cut short.
 * INVARIANT: nothing is deleted in bulk by surprise. An object that waits for an administrator stays, but a disabling goes.
 *
 * @param signal ends it between two batches
 */
export function exportStep(context: ConnectorContext, signal?: AbortSignal): Promise<ExportSummary> {
  const { runs } = context.store;
  return runs.during(runs.begin('export'), run => exportEverything(context, run, signal));
}

async function exportEverything(
  context: ConnectorContext,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<ExportSummary> {
  holdLeavers(context);
  holdRenames(context);
  const waiting = decideWaiting(context);
  const summary: ExportSummary = {
    ...{ upserted: 0, deleted: 0, refused: 0, retried: 0 },
    suppressedDeletes: waiting.deletions.size,
    suppressedCreations: waiting.creations.size,
    slices: 0,
  };
  const tally = { summary, run };
  await exportAll(context, 'delete', waiting, tally, signal);
  await exportAll(context, 'upsert', waiting, tally, signal);
  noteExported(context, summary.upserted + summary.deleted > 0);
  context.store.space.removeForgotten();
  if (await exportGroups(context, tally, signal)) summary.slices = await exportSlices(context, run, signal);
  run.waiting = summary.suppressedDeletes;
  context.store.queue.removeMoot();
  return summary;
}

async function exportAll(
  context: ConnectorContext,
  operation: 'upsert' | 'delete',
  waiting: Waiting,
  tally: ExportTally,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { store, settings } = context;
  const now = store.clock.now();
  async function* batches(): AsyncGenerator<Item[], void> {
    for (let after = ''; ; ) {
      signal?.throwIfAborted();
      const objects = store.space.pending(operation, after, settings.objectBatch, now);
      if (objects.length === 0) return;
      after = objects.at(-1)!.guid;
      const going = objects.flatMap(object => {
        if (waiting.strangers.has(object.guid)) return [];
        if (waiting.deletions.has(object.guid))
          return disabledWhileWaiting(object, context, new Date(now)) ?? [];
        return waiting.creations.has(object.guid) ? [] : [object];
      });
      const items = going.length > 0 ? await makeBatch(context, going, tally) : [];
      yield* requestsOf(items);
    }
  }
  // Sequences require one batch at a time. The next batch is signed while one is at the tenant.
  await mapLimit(batches(), 1, items => sendBatch(context, items, tally));
}

/** Most characters in one request: at three bytes each it stays below the tenant's limit. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** Splits a batch into requests, because a batch of the longest profiles does not fit into one. */
export function requestsOf<T extends Pick<Item, 'change'>>(items: readonly T[]): T[][] {
  const requests: T[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const more = JSON.stringify(item.change).length;
    if (length + more > MAX_LENGTH) {
      requests.push([]);
      length = 0;
    }
    requests.at(-1)!.push(item);
    length += more;
  }
  return requests;
}

/** The counts of the cycle and of the run. */
export interface ExportTally {
  readonly summary: ExportSummary;
  readonly run: Run;
}

interface Item {
  object: SpaceObject;
  change: ObjectChange;
  /** Kind and version of the record. */
  recordName: string;
  /** Values that no profile can hold, in words. */
  leftOut: readonly string[];
}

const OLD_TENANT = 'the tenant is of a release that cannot be told of a user without a name: update it';

/** Items with a record that neither the tenant announced nor the managed domain signed for. Asks only if not every release reads one. */
async function unreadBy({ store, tenant }: ConnectorContext, items: readonly Item[]): Promise<Item[]> {
  const newer = items.filter(({ recordName }) => !isReadBy(undefined, recordName));
  if (newer.length === 0) return [];
  const { accepts } = await tenant.configuration();
  const reads = readsWith(store, accepts);
  return newer.filter(({ recordName }) => !isReadBy(reads, recordName));
}

/** Objects signed before other work gets a turn, above all the request that is in progress. */
const PORTION = 25;

async function makeBatch(
  context: ConnectorContext,
  objects: readonly SpaceObject[],
  tally: ExportTally,
): Promise<Item[]> {
  const { store, agent, connector, scope } = context;
  tally.run.isAtWork = true;
  const first = reserveSequences(store.db, objects.length, store.runs.along);
  const items: Item[] = [];
  const refuse = (object: SpaceObject, problem: string): void => {
    quarantine(context, object, { code: 'invalid', reason: problem }, tally);
  };
  for (const [i, object] of objects.entries()) {
    if (i % PORTION === 0) await othersTurn();
    const { tenantId, signingKey } = agent;
    const decision = decideExport(object, first + i, {
      tenant: tenantId,
      forest: connector.forest,
      signingKey,
      scope,
      profile: store.rules.get().profile,
    });
    if ('change' in decision) items.push({ object, ...decision });
    else refuse(object, decision.problem);
  }
  const unread = await unreadBy(context, items);
  for (const { object } of unread) refuse(object, OLD_TENANT);
  return items.filter(item => !unread.includes(item));
}

async function sendBatch(
  context: ConnectorContext,
  items: readonly Item[],
  tally: ExportTally,
): Promise<void> {
  const { store, tenant, connector } = context;
  faultPoint('connect.before-send');
  const verdicts = await tenant.exportObjects(
    connector.forest,
    items.map(item => item.change),
  );
  faultPoint('connect.after-send');
  store.runs.transaction(() => {
    items.forEach((item, i) => {
      applyVerdict(context, item, verdicts[i]!, tally);
    });
    // A changed or deleted user may have released a name that another one waits for. A user who waits does not hurry themselves.
    if (items.some(({ object }, i) => object.exportedDigest !== undefined && isWhole(verdicts[i]!)))
      store.queue.hurryAll('attribute-value-must-be-unique');
    faultPoint('connect.before-commit');
  });
}

function applyVerdict(context: ConnectorContext, item: Item, verdict: Verdict, tally: ExportTally): void {
  const { store } = context;
  const { object, change } = item;
  const done = isDone(verdict);
  if (change.operation === 'delete' && (done || verdict.code === 'unknown-user')) {
    tally.summary.deleted += 1;
    tally.run.count('deletes');
    if (isStranger(object)) noteStrangerWent(context, object);
    else if (done)
      store.bulk.noteWent(listOfDeletion(context, 'user', object), object.anchor, store.db.now());
    store.space.acknowledgeExport(object.guid, undefined, change.sequence);
    const name = isStranger(object) ? null : nameOf(object, context);
    if (done) store.deletions.note(object.anchor, { sequence: change.sequence, name });
    store.queue.remove('object', object.guid);
    store.queue.remove('password', object.guid);
    store.passwords.remove(object.guid);
    store.owed.remove(object.guid);
  } else if (done) {
    tally.summary.upserted += 1;
    withoutValues(context, object, item.leftOut, tally.run);
    tally.run.count(isNew(object) ? 'adds' : 'updates');
    const refused = verdict.code === undefined ? '' : WITHOUT_NAME;
    store.space.acknowledgeExport(object.guid, `${refused}${object.desiredDigest}`, change.sequence);
    const moved = takeOver(context, object);
    if (isSaidAnew(object)) store.queue.hurry('password', object.guid); // the password may have waited for the account
    if (isNew(object)) {
      wantPassword(context, object);
      // The password order of a deleted user may have started over too, in the domain where they reappear.
      const wasDeleted = store.space.elsewhere.any && store.deletions.get(object.anchor) !== undefined;
      if (moved || wasDeleted) store.passwords.begin(object.guid, change.sequence);
      if (!moved && store.cursors.get('creations-counted') !== undefined)
        store.bulk.noteWent(creationsOf(context), object.anchor, store.db.now());
    }
    if (verdict.code === undefined) store.queue.remove('object', object.guid);
    else withoutName(context, object, verdict, tally.run);
  } else noteRefusal(context, object, verdict, tally);
}

/** Once a user came from another domain of the forest, that domain keeps nothing of theirs. @returns whether they came from one */
function takeOver({ domains, store }: ConnectorContext, { guid }: SpaceObject): boolean {
  const former = store.space.elsewhere.takeOver(guid);
  for (const domain of domains)
    if (former.includes(domain.store.name)) {
      domain.store.passwords.remove(guid);
      domain.store.owed.remove(guid);
      domain.store.queue.remove('password', guid);
    }
  return former.length > 0;
}

/** Counts a deletion that was never signed before, whether the tenant had the user or only claimed so. */
function noteStrangerWent(context: ConnectorContext, { anchor }: SpaceObject): void {
  const { bulk, saidAnew, db } = context.store;
  if (!saidAnew.isKnown(anchor)) bulk.noteWent(strangersOf(context), anchor, db.now());
  saidAnew.note(anchor);
}

/** Nothing of it is acknowledged yet. A user who is only sent again is not new. */
const isNew = (object: SpaceObject): boolean => object.exportedDigest === undefined || isStranger(object);

/**
 * A user new in the tenant needs their present password, which no delta brings again. Before the first password cycle ends there is no
 * watermark, and that cycle brings every password anyway.
 */
function wantPassword({ store }: ConnectorContext, object: SpaceObject): void {
  if (store.cursors.get('replication-cookie') === undefined) return;
  store.passwords.remove(object.guid);
  store.queue.putDue(
    object.guid,
    'TargetNotExportedToDirectory',
    'new in the tenant: its password is to be read',
  );
}
