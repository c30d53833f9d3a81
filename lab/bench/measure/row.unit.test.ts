import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, ofMedianRatio, percentile } from './numbers.ts';
import { isClose, judge, percentiles } from './row.ts';

test('a row shows whether its ratio to the yardstick keeps the budget, judged before rounding', () => {
  const measured = { name: 'pull', unit: 'objects/s', yardstick: 1000 };
  const budget = { of: 'ratio', atLeast: 0.9 } as const;
  const kept = judge({ ...measured, value: 900, budget });
  assert.deepEqual([kept.ratio, kept.budget, kept.holds], [0.9, 'at least 0.9 times', true]);
  const missed = judge({ ...measured, value: 899.9, budget });
  assert.deepEqual([missed.ratio, missed.holds], [0.9, false]);
});

test('a row shows whether its value keeps the budget, and shows nothing without a budget', () => {
  const row = judge({ name: 'kinit', value: 2001, unit: 'ms', budget: { of: 'value', atMost: 2000 } });
  assert.deepEqual([row.ratio, row.budget, row.holds], [null, 'at most 2000 ms', false]);
  assert.equal(judge({ name: 'kinit', value: 2001, unit: 'ms' }).holds, null);
});

test('a budget for a ratio needs a yardstick', () => {
  const budget = { of: 'ratio', atLeast: 1 } as const;
  assert.throws(() => judge({ name: 'x', value: 1, unit: 'ms', budget }), /needs a yardstick/);
});

test('a value within 5 % of the limit is measured once more, on either side of it', () => {
  const row = { name: 'pull', unit: 'objects/s', yardstick: 1000 };
  const atLeast = { of: 'ratio', atLeast: 0.9 } as const;
  const found = [850, 856, 944, 946].map(value => isClose({ ...row, value, budget: atLeast }));
  assert.deepEqual(found, [false, true, true, false]);
  const wait = { name: 'kinit', unit: 'ms', value: 1910 };
  assert.equal(isClose({ ...wait, budget: { of: 'value', atMost: 2000 } }), true);
  assert.equal(isClose(wait), false);
});

test('percentiles use the nearest rank', () => {
  const values = Array.from({ length: 24 }, (_, i) => 24 - i);
  assert.deepEqual([median(values), percentile(values, 0.95), percentile([7], 0.95)], [12, 23, 7]);
});

test('of many times the median informs and the 95th percentile is judged', () => {
  const values = Array.from({ length: 20 }, (_, i) => (i < 19 ? 100 * (i + 1) : 60_000));
  const [middle, late] = percentiles('change', values, 1900, { against: 'others' }).map(judge);
  assert.deepEqual(
    [middle?.name, middle?.value, middle?.holds, middle?.against],
    ['change, p50', 1000, null, 'others'],
  );
  assert.deepEqual([late?.name, late?.value, late?.holds], ['change, p95', 1900, true]);
});

test('of several rounds the one with the median ratio counts', () => {
  const rounds = [3, 1, 5, 2, 4].map(ratio => ({ ratio, name: `round of ${ratio}` }));
  assert.equal(ofMedianRatio(rounds).name, 'round of 3');
});
