import { setImmediate as othersTurn } from 'node:timers/promises';
import { isDone, MAX_BATCH, type MembersChange, type MembersVerdict } from '@causeway/contract';
import { divideMembers, MAX_PREFIX_LENGTH, signMembers } from '@causeway/records';
import { faultPoint, mapLimit } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import type { Run } from '../../runs/run.ts';
import type { PendingSlice } from '../../store/groups/slices.ts';
import { reserveSequences } from '../../store/sequence.ts';

/** Slices looked up together. */
const PAGE = 100;
/** Bytes of records in one request: with everything beside them, a fraction of the tenant's limit. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Members of one slice held in memory. A larger slice is divided before they are read. */
const MAX_AT_ONCE = 20_000;

/** A slice and all members that it has to name. */
interface FilledSlice extends PendingSlice {
  readonly members: readonly string[];
}

interface Item {
  readonly slice: PendingSlice;
  readonly sequence: number;
  readonly change: MembersChange;
}

/**
 * Signs and sends every slice that differs from the tenant's copy, for groups that the tenant has. A slice that grew too long is divided
 * first, so that a kill in between only repeats the division.
 *
 * @param run counts a slice as a change of its group
 * @param signal ends it between two batches
 * @returns how many the tenant accepted
 */
export async function exportSlices(
  context: ConnectorContext,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<number> {
  // Sequences require one batch at a time. The next one is signed while one is at the tenant.
  const taken = await mapLimit(batches(context, run, signal), 1, items => send(context, items, run));
  return taken.reduce((sum, count) => sum + count, 0);
}

async function* batches(
  context: ConnectorContext,
  run: Run,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item[], void> {
  const { store } = context;
  const now = store.clock.now();
  let after = { group: 0, prefix: '' };
  for (;;) {
    signal?.throwIfAborted();
    const page = store.slices.pending(after, PAGE, now);
    if (page.length === 0) return;
    after = page.at(-1)!;
    let batch: Item[] = [];
    let bytes = 0;
    for (const pending of page)
      for (const slice of fill(context, pending)) {
        await othersTurn(); // above all the request in progress
        const size = sizeOf(slice);
        if (batch.length === MAX_BATCH || bytes + size > MAX_BYTES) {
          if (batch.length > 0) yield batch;
          signal?.throwIfAborted();
          batch = [];
          bytes = 0;
        }
        batch.push(...sign(context, slice, run));
        bytes += size;
      }
    if (batch.length > 0) yield batch;
  }
}

/** The slice, or the parts that it is now divided into, with their members. */
function* fill(context: ConnectorContext, slice: PendingSlice): Generator<FilledSlice, void> {
  const { store } = context;
  const { group, prefix } = slice;
  const members = store.members.signed(group, prefix, MAX_AT_ONCE + 1);
  if (members.size > MAX_AT_ONCE && prefix.length < MAX_PREFIX_LENGTH) {
    const halves = [`${prefix}0`, `${prefix}1`];
    store.slices.divide(slice, halves);
    for (const half of halves) yield* fill(context, { ...slice, prefix: half, dirty: 1 });
    return;
  }
  const parts = divideMembers(prefix, members.keys(), reference => members.get(reference)!);
  if (parts.size === 1) {
    yield { ...slice, members: parts.get(prefix)! };
    return;
  }
  store.slices.divide(slice, parts.keys());
  for (const [part, some] of parts) yield { ...slice, prefix: part, dirty: 1, members: some };
}

/** The record's approximate size: base64url of quoted references, plus its other fields. */
const sizeOf = ({ members }: FilledSlice): number =>
  1_000 + Math.ceil((members.reduce((sum, { length }) => sum + length + 3, 0) * 4) / 3);

/** @returns nothing for a slice that cannot be signed: it waits, with its reason */
function sign(context: ConnectorContext, slice: FilledSlice, run: Run): Item[] {
  const { store, agent, connector } = context;
  run.isAtWork = true;
  const { anchor: sourceAnchor, guid: objectGuid, prefix, members } = slice;
  const sequence = reserveSequences(store.db, 1, store.runs.along);
  const said = { tenant: agent.tenantId, forest: connector.forest, sourceAnchor, objectGuid, sequence };
  try {
    const record = signMembers(agent.signingKey, { ...said, prefix, members: [...members] });
    return [{ slice, sequence, change: { sourceAnchor, prefix, record } }];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refuse(context, slice, { quarantined: true, reason: error.message }, run);
    return [];
  }
}

async function send(context: ConnectorContext, items: readonly Item[], run: Run): Promise<number> {
  const { store, tenant, connector } = context;
  faultPoint('connect.before-slices');
  const verdicts = await tenant.exportMembers(
    connector.forest,
    items.map(({ change }) => change),
  );
  faultPoint('connect.after-slices');
  return store.runs.transaction(() => {
    let taken = 0;
    items.forEach((item, i) => {
      if (applyVerdict(context, item, verdicts[i]!, run)) taken += 1;
    });
    faultPoint('connect.before-slices-commit');
    return taken;
  });
}

/** @returns whether the tenant accepted it */
function applyVerdict(
  context: ConnectorContext,
  { slice, sequence }: Item,
  verdict: MembersVerdict,
  run: Run,
): boolean {
  const { store } = context;
  const { group, guid } = slice;
  if (isDone(verdict)) {
    store.slices.acknowledge(slice, sequence);
    run.count('updates');
    return true;
  }
  const reason = verdict.reason ?? 'the tenant did not take it, without a reason';
  if (verdict.code === 'unknown-group') {
    // The tenant lost the group, so the group and all its slices are signed again.
    store.groups.sayAnew(guid);
    store.slices.soilAll(group);
  }
  refuse(context, slice, { quarantined: verdict.verdict !== 'retry', reason }, run);
  return false;
}

function refuse(
  { store, connector }: ConnectorContext,
  slice: PendingSlice,
  failure: { quarantined: boolean; reason: string },
  run: Run,
): void {
  const { dn } = store.groups.get(slice.guid)!;
  run.fail({ guid: slice.guid, dn, code: 'slice-not-taken', reason: failure.reason });
  if (!store.slices.postpone(slice, failure)) return;
  const text = `a slice of the members of '${dn}' was not taken: ${failure.reason}`;
  store.events.add('runErrors', connector.name, text);
}
