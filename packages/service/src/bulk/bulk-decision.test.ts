import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BulkLine, creationLimit, decideBulk, deletionLimit, type HeldLine } from './bulk-decision.ts';

test('holds deletions above the smaller of 500 and 10 %, at least 10; a configured threshold replaces the 500', () => {
  const table: [threshold: number, most: number, limit: number][] = [
    [500, 0, 10],
    [500, 24, 10],
    [500, 109, 10],
    [500, 110, 11],
    [500, 400, 40],
    [500, 4_999, 499],
    [500, 5_000, 500],
    [500, 1_000_000, 500],
    [2_000, 1_000_000, 2_000],
    [2_000, 400, 40],
    [30, 1_000, 30],
    [3, 1_000, 3],
    [0, 1_000, 0],
  ];
  for (const [threshold, most, limit] of table)
    assert.equal(deletionLimit(threshold, most), limit, `${threshold} of ${most}`);
});

test('limits new accounts to half of the existing ones, at least 1,000', () => {
  const table: [before: number, limit: number][] = [
    [0, 1_000],
    [2_000, 1_000],
    [2_001, 1_000],
    [10_000, 5_000],
  ];
  for (const [before, limit] of table) assert.equal(creationLimit(before), limit);
});

const line = (n: number, change = 'a'): BulkLine => ({ anchor: String(n), change });
const lines = (count: number) => Array.from({ length: count }, (_, n) => line(n));
const heldAs = (approved: boolean, ...of: BulkLine[]): HeldLine[] => of.map(one => ({ ...one, approved }));
const numbers = (of: readonly BulkLine[]) => of.map(({ anchor }) => Number(anchor));

test('carries out everything up to the limit, and nothing above it', () => {
  assert.equal(decideBulk(lines(10), [], { went: 0, limit: 10 }).go.length, 10);
  const above = decideBulk(lines(11), [], { went: 0, limit: 10 });
  assert.deepEqual([above.go.length, above.held.length, above.fresh.length], [0, 11, 11]);
});

test('counts what was carried out within the window together with what waits', () => {
  assert.equal(decideBulk(lines(3), [], { went: 7, limit: 10 }).go.length, 3);
  assert.equal(decideBulk(lines(4), [], { went: 7, limit: 10 }).held.length, 4);
});

test('keeps holding what was held, and counting it, when the list shrinks or the limit grows', () => {
  const known = heldAs(false, ...lines(11));
  assert.deepEqual(numbers(decideBulk(lines(2), known, { went: 0, limit: 500 }).held), [0, 1]);
  const more = decideBulk([...lines(2), line(20)], known, { went: 0, limit: 10 });
  assert.deepEqual([numbers(more.go), numbers(more.held), more.fresh], [[20], [0, 1], []]);
  const stopped = decideBulk([...lines(10), line(20)], known, { went: 0, limit: 10 });
  assert.deepEqual([stopped.go, numbers(stopped.fresh)], [[], [20]]);
});

test('an approval releases only what was approved, and that does not count', () => {
  const known = [...heldAs(true, ...lines(11)), ...heldAs(false, line(20))];
  const decision = decideBulk([...lines(11), line(20), line(21)], known, { went: 0, limit: 10 });
  assert.deepEqual(numbers(decision.approved), numbers(lines(11)));
  assert.deepEqual([numbers(decision.held), numbers(decision.go)], [[20], [21]]);
});

test('an approval covers one change, and another change of a held user waits for its own', () => {
  const decision = decideBulk([line(1, 'b')], heldAs(true, line(1, 'a')), { went: 0, limit: 10 });
  assert.deepEqual([decision.approved, numbers(decision.fresh)], [[], [1]]);
});

test('carries out no more than the limit without approval within a window, whatever happens', () => {
  const Step = fc.record({
    appear: fc.array(fc.nat(60), { maxLength: 15 }),
    restore: fc.array(fc.nat(60), { maxLength: 5 }),
    approve: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(Step, { maxLength: 30 }), fc.integer({ min: 0, max: 12 }), (steps, limit) => {
      const pending = new Map<string, BulkLine>();
      const everHeld = new Set<string>();
      let known: HeldLine[] = [];
      let went = 0;
      steps.forEach(({ appear, restore, approve }, at) => {
        for (const n of restore) pending.delete(String(n));
        for (const n of appear) if (!pending.has(String(n))) pending.set(String(n), line(n, String(at)));
        const shown = new Set(known.map(({ anchor, change }) => `${anchor} ${change}`));
        if (approve) known = known.map(one => ({ ...one, approved: true }));
        const all = [...pending.values()];
        const { go, approved, held, fresh } = decideBulk(all, known, { went, limit });
        assert.equal(go.length + approved.length + held.length, all.length);
        for (const one of go) assert.ok(!everHeld.has(`${one.anchor} ${one.change}`));
        for (const one of approved) assert.ok(approve && shown.has(`${one.anchor} ${one.change}`));
        went += go.length;
        assert.ok(went <= limit);
        for (const one of [...go, ...approved]) pending.delete(one.anchor);
        for (const one of fresh) everHeld.add(`${one.anchor} ${one.change}`);
        known = heldAs(false, ...held);
      });
    }),
  );
});
