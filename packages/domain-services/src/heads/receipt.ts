import { ACCEPTED_RECORDS } from '@causeway/contract';
import {
  CLOUD_FOREST,
  type Entry,
  type GroupEntry,
  groupBucketOf,
  MAX_ENTRIES,
  MAX_NOT_WRITTEN,
  type ReceiptFields,
  type SigningKey,
  signReceipt,
} from '@causeway/records';
import type { DifferenceLimits } from '../configuration.ts';
import type { Comparison } from '../ledger/comparison.ts';
import type { KnownHead, Older } from '../ledger/head-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { alarmSince, completeAsOf } from './compare-head.ts';

/** The most bytes of rows in a receipt, so that it stays below its limit whatever the anchors are. */
const MAX_ENTRIES_LENGTH = 200_000;
/** The part of these bytes that rows of groups may take. */
const MAX_GROUP_ENTRIES_LENGTH = 80_000;
/** The most bytes, beyond these, for the groups and slices that were not written. */
const MAX_GROUPS_NOT_WRITTEN_LENGTH = 60_000;

/** What a receipt says about groups. */
type OfGroups = Pick<
  ReceiptFields,
  'groups' | 'slices' | 'groupsDiffering' | 'groupsListed' | 'groupEntries' | 'groupsNotWritten'
>;
/** What a receipt says in its newer versions. */
export type Says = Pick<ReceiptFields, 'reads' | 'newest'> & OfGroups;

/**
 * The managed domain's answer to a forest's head, for its Connect: how far both agree, and for each difference the pairs that are here, so
 * that Connect can name the missing users. Undefined before a head was compared, unless it may say `newest`.
 */
export function makeReceipt(
  ledger: Ledger,
  key: SigningKey,
  { tenant, forest }: { tenant: string; forest: string },
  limits: DifferenceLimits,
  says: Says,
): string | undefined {
  const now = ledger.clock.now();
  const known = ledger.heads.head(forest);
  const comparison = known?.comparison;
  const complete = comparisonsOf(ledger, known);
  if (comparison === undefined && says.newest === undefined) return undefined;
  const { accounts, credentials } = ledger.heads.summary(forest);
  const differing = differingOf(comparison);
  const { listed, entries } = listEntries(
    differing,
    MAX_ENTRIES_LENGTH - (says.groups === undefined ? 0 : MAX_GROUP_ENTRIES_LENGTH),
    bucket => ledger.heads.entries(forest, bucket).map(entryRow),
  );
  return signReceipt(key, {
    ...{ tenant, forest, sequence: nextSequence(ledger, now), time: new Date(now).toISOString() },
    headSequence: comparison?.sequence ?? 0,
    headTime: comparison?.time ?? null,
    completeAsOf: completeOf(complete) ?? null,
    alarmSince: earliest(complete.map(one => one && alarmSince(one, limits, now))) ?? null,
    ...{ accounts, credentials, differing, listed, entries },
    notWritten: ledger.heads
      .notWritten(forest, MAX_NOT_WRITTEN)
      .map(({ anchor, kind, code }) => [anchor, kind, code] as const),
    ...says,
  });
}

/**
 * The managed domain's receipt to the tenant about cloud-only users of whom the tenant shows something older than it signed before, because
 * its database was restored. Only the tenant could sign a head of them, and what it shows is its feed.
 */
export function makeCloudReceipt(
  ledger: Ledger,
  key: SigningKey,
  tenant: string,
  older: readonly Older[],
): string {
  const now = ledger.clock.now();
  const { accounts, credentials } = ledger.heads.summary(CLOUD_FOREST);
  return signReceipt(key, {
    ...{ tenant, forest: CLOUD_FOREST, sequence: nextSequence(ledger, now) },
    ...{ time: new Date(now).toISOString(), headSequence: 0, headTime: null },
    ...{ completeAsOf: null, alarmSince: null, accounts, credentials },
    ...{ differing: [], listed: 0, entries: [], notWritten: [] },
    ...{ reads: ACCEPTED_RECORDS, newest: ledger.heads.newest(CLOUD_FOREST) },
    older: older.map(
      ({ anchor, accountSequence, credentialSequence, deleted }) =>
        [anchor, accountSequence, credentialSequence, deleted] as const,
    ),
  });
}

/** What a receipt says about a forest's groups, as `makeReceipt` does about its users. */
export function groupsOfReceipt(ledger: Ledger, forest: string): OfGroups {
  const [, comparison] = comparisonsOf(ledger, ledger.heads.head(forest));
  const groupsDiffering = differingOf(comparison);
  const byBucket = Map.groupBy(ledger.groupHeads.entriesOf(forest, groupsDiffering), groupBucketOf);
  const { listed, entries } = listEntries(groupsDiffering, MAX_GROUP_ENTRIES_LENGTH, bucket =>
    (byBucket.get(bucket) ?? []).map(groupRow),
  );
  return {
    ...ledger.groupHeads.counts(forest),
    ...{ groupsDiffering, groupsListed: listed, groupEntries: entries },
    groupsNotWritten: notWrittenOf(ledger, forest),
  };
}

/** As many as fit into a receipt. */
function notWrittenOf(ledger: Ledger, forest: string): [string, string | null, string][] {
  let length = 0;
  const rows = ledger.groupHeads
    .notWritten(forest, MAX_NOT_WRITTEN)
    .map(({ anchor, prefix, code }): [string, string | null, string] => [anchor, prefix, code]);
  return rows.filter(row => {
    length += lengthOf(row);
    return length <= MAX_GROUPS_NOT_WRITTEN_LENGTH;
  });
}

const lengthOf = (row: readonly unknown[]): number => Buffer.byteLength(JSON.stringify(row));

const entryRow = ({ anchor, accountSequence, credentialSequence }: Entry): [string, number, number] => [
  anchor,
  accountSequence,
  credentialSequence,
];
const groupRow = ({ anchor, prefix, sequence }: GroupEntry): [string, string | null, number] => [
  anchor,
  prefix,
  sequence,
];

/** Buckets that differ from the head, explained or not. */
function differingOf(comparison: Comparison | undefined): number[] {
  const { differences = [], explained = [] } = comparison ?? {};
  const buckets = [...differences.map(({ bucket }) => bucket), ...explained];
  return [...new Set(buckets)].sort((a, b) => a - b);
}

/** The results of comparing a head: for its users, and for its groups if it covers them. */
export function comparisonsOf(ledger: Ledger, head: KnownHead | undefined): (Comparison | undefined)[] {
  const ofGroups = head?.groupBuckets === undefined ? [] : [ledger.groupHeads.comparison(head.forest)];
  return [head?.comparison, ...ofGroups];
}

/** Up to when everything that the head covers has come. */
export function completeOf(comparisons: readonly (Comparison | undefined)[]): string | undefined {
  const times = comparisons.map(one => one && completeAsOf(one));
  return times.includes(undefined) ? undefined : earliest(times);
}

export const earliest = (times: readonly (string | undefined)[]): string | undefined =>
  times.filter(time => time !== undefined).sort()[0];

/** The rows of the first buckets, as many whole buckets as fit into a receipt. @param limit in bytes */
function listEntries<R extends readonly unknown[]>(
  differing: readonly number[],
  limit: number,
  rowsOf: (bucket: number) => R[],
): { listed: number; entries: R[] } {
  const entries: R[] = [];
  let listed = 0;
  let length = 0;
  for (const bucket of differing) {
    const more = rowsOf(bucket);
    for (const row of more) length += lengthOf(row);
    if (entries.length + more.length > MAX_ENTRIES || length > limit) break;
    entries.push(...more);
    listed += 1;
  }
  return { listed, entries };
}

/** Larger than every earlier one, even if the clock went back. It is on disk before anything is signed with it. */
function nextSequence(ledger: Ledger, now: number): number {
  const sequence = Math.max(Number(ledger.state.get('receiptSequence') ?? 0) + 1, now * 1000);
  ledger.state.set('receiptSequence', String(sequence));
  return sequence;
}
