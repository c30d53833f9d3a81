import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketDigest, bucketOf, type Entry, summarizeBucket, summarizeForest } from '@causeway/records';
import type { Comparison, Ours } from '../ledger/comparison.ts';
import { alarmSince, compareHead, completeAsOf } from './compare-head.ts';

const LIMITS = { differenceMs: 60_000, silenceMs: 300_000 };
const START = Date.parse('2026-11-24T10:00:00.000Z');
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

const forest = (count: number): Entry[] =>
  Array.from({ length: count }, (_, n) => ({
    anchor: `anchor ${n}`,
    accountSequence: 10 + n,
    credentialSequence: n % 2 === 0 ? 20 + n : 0,
  }));
const byAnchor = (a: Entry, b: Entry): number => Buffer.compare(Buffer.from(a.anchor), Buffer.from(b.anchor));
const inBucket = (entries: readonly Entry[], n: number): Entry[] =>
  (Map.groupBy(entries, ({ anchor }) => bucketOf(anchor)).get(n) ?? []).sort(byAnchor);
function bucketsOf(entries: readonly Entry[]): string {
  const buckets = Map.groupBy(entries, ({ anchor }) => bucketOf(anchor));
  return summarizeForest(n => summarizeBucket((buckets.get(n) ?? []).sort(byAnchor))).buckets;
}
const newest = (entries: readonly Entry[]): number =>
  Math.max(
    0,
    ...entries.flatMap(({ accountSequence, credentialSequence }) => [accountSequence, credentialSequence]),
  );

/** What the managed domain has; `came` are the users as they would be if every record that came had been written. */
const having = (entries: readonly Entry[], came: readonly Entry[] = entries): Ours => ({
  buckets: bucketsOf(entries),
  look: n => ({ newest: newest(inBucket(entries, n)), asReceived: bucketDigest(inBucket(came, n)) }),
});
const head = (entries: readonly Entry[], seconds: number, sequence = 1_000_000 + seconds) => ({
  sequence,
  time: at(seconds),
  buckets: bucketsOf(entries),
});

const all = forest(2000);
const victim = all[7]!;
const without = all.filter(entry => entry !== victim);

test('counts as complete as of the head when both sides are equal', () => {
  const comparison = compareHead(undefined, head(all, 0), having(all), at(1));
  assert.equal(completeAsOf(comparison), at(0));
  assert.deepEqual([comparison.differences, alarmSince(comparison, LIMITS, START)], [[], undefined]);
});

test('raises the alarm for one missing record after its time, once more than one head shows it', () => {
  const older = (field: 'accountSequence' | 'credentialSequence') =>
    all.map(entry =>
      entry === victim ? { ...entry, [field]: entry[field] === 0 ? 7 : entry[field] - 1 } : entry,
    );
  const extra = [...all, { anchor: 'withheld deletion', accountSequence: 5, credentialSequence: 0 }];
  for (const ours of [without, older('accountSequence'), older('credentialSequence'), extra]) {
    let comparison = compareHead(undefined, head(all, 0), having(all), at(0));
    const seen: (string | undefined)[] = [];
    for (const seconds of [10, 20, 60, 71]) {
      comparison = compareHead(comparison, head(all, seconds), having(ours), at(seconds));
      seen.push(alarmSince(comparison, LIMITS, START + seconds * 1000));
    }
    assert.deepEqual(seen, [undefined, undefined, undefined, at(10)]);
    assert.equal(completeAsOf(comparison), at(0));
    assert.equal(comparison.differences.length, 1);
    comparison = compareHead(comparison, head(all, 80), having(all), at(80));
    assert.deepEqual(
      [alarmSince(comparison, LIMITS, START + 80_000), completeAsOf(comparison)],
      [undefined, at(80)],
    );
  }
});

test('does not count the same head twice', () => {
  const one = compareHead(undefined, head(all, 0), having(without), at(0));
  const again = compareHead(one, head(all, 0), having(without), at(100));
  assert.equal(alarmSince(again, LIMITS, START + 100_000), undefined);
  const second = compareHead(again, head(all, 110), having(without), at(110));
  assert.equal(alarmSince(second, LIMITS, START + 110_000), at(0));
});

test('takes a difference that keeps changing for progress, until it takes too long', () => {
  let comparison: Comparison | undefined;
  for (let seconds = 0; seconds < 300; seconds += 10) {
    const moving = all.map(entry =>
      entry === victim ? { ...entry, credentialSequence: 100 + seconds } : entry,
    );
    comparison = compareHead(comparison, head(moving, seconds), having(all), at(seconds));
    assert.equal(alarmSince(comparison, LIMITS, START + seconds * 1000), undefined);
  }
  assert.equal(alarmSince(comparison!, LIMITS, START + 300_000), at(0));
});

test('does not compare a bucket in which a record is newer than the head, and still compares all others', () => {
  const ahead = all.map(entry => (entry === all[0] ? { ...entry, accountSequence: 5_000_000 } : entry));
  const before = compareHead(undefined, head(all, 0), having(all), at(0));
  const comparison = compareHead(before, head(all, 10), having(ahead), at(10));
  assert.deepEqual(comparison.differences, []);
  assert.equal(completeAsOf(comparison), at(0), 'of its bucket nothing newer is known');
  const both = ahead.filter(entry => entry.anchor !== victim.anchor);
  const other = compareHead(before, head(all, 10), having(both), at(10));
  assert.deepEqual(
    other.differences.map(({ bucket }) => bucket),
    [bucketOf(victim.anchor)],
  );
  const next = compareHead(other, head(ahead, 20, 6_000_000), having(ahead), at(20));
  assert.equal(completeAsOf(next), at(20));
});

test('keeps a known difference while a newer record hides it', () => {
  const first = compareHead(undefined, head(all, 0), having(without), at(0));
  const neighbour = all.find(
    ({ anchor }) => bucketOf(anchor) === bucketOf(victim.anchor) && anchor !== victim.anchor,
  )!;
  const ahead = without.map(entry =>
    entry === neighbour ? { ...entry, accountSequence: 5_000_000 } : entry,
  );
  const hidden = compareHead(first, head(all, 10), having(ahead), at(10));
  assert.equal(hidden.differences[0]?.since, at(0));
  assert.equal(alarmSince(hidden, LIMITS, START + 301_000), at(0));
});

test('raises no alarm for a record that came and was not written, but does for another record in its place', () => {
  const explained = compareHead(undefined, head(all, 0), having(without, all), at(0));
  assert.deepEqual([explained.explained, explained.differences], [[bucketOf(victim.anchor)], []]);
  assert.equal(completeAsOf(explained), at(0));
  const other = all.map(entry => (entry === victim ? { ...entry, accountSequence: 11 } : entry));
  const lie = compareHead(explained, head(all, 10), having(without, other), at(10));
  assert.deepEqual([lie.explained, lie.differences.length], [[], 1]);
});
