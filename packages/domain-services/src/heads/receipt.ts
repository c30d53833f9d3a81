import { ACCEPTED_RECORDS } from '@causeway/contract';
import {
  CLOUD_FOREST,
  type Entry,
  MAX_ENTRIES,
  MAX_NOT_WRITTEN,
  type ReceiptFields,
  type SigningKey,
  signReceipt,
} from '@causeway/records';
import type { DifferenceLimits } from '../configuration.ts';
import type { Older } from '../ledger/head-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { alarmSince, completeAsOf } from './compare-head.ts';

/** Characters of the pairs of a receipt, so that it stays below its limit whatever the anchors are. */
const MAX_ENTRIES_LENGTH = 200_000;

/** What a receipt says in its newer versions. */
export type Says = Pick<ReceiptFields, 'reads' | 'newest'>;

/**
 * The managed domain's answer to a forest's head, for its Connect: how far it agrees, and on a difference the pairs
 * that it has itself, so that Connect can name who is missing. Undefined before a head was compared, where it cannot say `newest`.
 */
export function makeReceipt(
  ledger: Ledger,
  key: SigningKey,
  { tenant, forest }: { tenant: string; forest: string },
  limits: DifferenceLimits,
  says: Says,
): string | undefined {
  const now = ledger.clock.now();
  const comparison = ledger.heads.head(forest)?.comparison;
  if (comparison === undefined && says.newest === undefined) return undefined;
  const { accounts, credentials } = ledger.heads.summary(forest);
  const { differences = [], explained = [] } = comparison ?? {};
  const buckets = [...differences.map(({ bucket }) => bucket), ...explained];
  const differing = [...new Set(buckets)].sort((a, b) => a - b);
  const { listed, entries } = listEntries(differing, bucket => ledger.heads.entries(forest, bucket));
  return signReceipt(key, {
    ...{ tenant, forest, sequence: nextSequence(ledger, now), time: new Date(now).toISOString() },
    headSequence: comparison?.sequence ?? 0,
    headTime: comparison?.time ?? null,
    completeAsOf: (comparison && completeAsOf(comparison)) ?? null,
    alarmSince: (comparison && alarmSince(comparison, limits, now)) ?? null,
    ...{ accounts, credentials, differing, listed, entries },
    notWritten: ledger.heads
      .notWritten(forest, MAX_NOT_WRITTEN)
      .map(({ anchor, kind, code }) => [anchor, kind, code] as const),
    ...says,
  });
}

/**
 * The managed domain's word to the tenant on cloud-only people of whom the tenant shows something older than what it signed before: its
 * database was restored. Of them nobody but the tenant could sign a head; what it shows is its feed.
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

/** The users of the first buckets, as many whole ones as a receipt holds. */
function listEntries(
  differing: readonly number[],
  entriesOf: (bucket: number) => Entry[],
): { listed: number; entries: [string, number, number][] } {
  const entries: [string, number, number][] = [];
  let listed = 0;
  let length = 0;
  for (const bucket of differing) {
    const more = entriesOf(bucket).map(({ anchor, accountSequence, credentialSequence }) => {
      const entry: [string, number, number] = [anchor, accountSequence, credentialSequence];
      length += JSON.stringify(entry).length;
      return entry;
    });
    if (entries.length + more.length > MAX_ENTRIES || length > MAX_ENTRIES_LENGTH) break;
    entries.push(...more);
    listed += 1;
  }
  return { listed, entries };
}

/** Larger than every one before, also when the clock went back; on the disk before anything is signed with it. */
function nextSequence(ledger: Ledger, now: number): number {
  const sequence = Math.max(Number(ledger.state.get('receiptSequence') ?? 0) + 1, now * 1000);
  ledger.state.set('receiptSequence', String(sequence));
  return sequence;
}
