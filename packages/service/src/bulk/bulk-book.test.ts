import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { StateDatabase } from '../state-database.ts';
import { BulkBook } from './bulk-book.ts';
import type { BulkLine } from './bulk-decision.ts';
import { BULK_TABLES } from './bulk-tables.ts';

const FOREST = { scope: 'corp.example.com', kind: 'user' } as const;
const DELETIONS = { ...FOREST, operation: 'delete' } as const;
const START = Date.parse('2026-11-28T10:00:00.000Z');
const HOUR = 60 * 60_000;

let db: StateDatabase;
let book: BulkBook;

beforeEach(() => {
  db = new StateDatabase(':memory:');
  db.exec(BULK_TABLES);
  book = new BulkBook(db);
});

const at = (hours: number) => new Date(START + hours * HOUR);
const people = (first: number, count: number): BulkLine[] =>
  Array.from({ length: count }, (_, i) => ({ anchor: `${first + i}`.padStart(4, '0'), change: 'a' }));
const decide = (pending: BulkLine[], objects: number, hours = 0, threshold = 500) =>
  book.decideDeletions(FOREST, pending, { objects, threshold }, at(hours));
/** Carries out what may be carried out, as an engine does. */
function carryOut(pending: BulkLine[], objects: number, hours: number): number {
  const { go, approved } = decide(pending, objects, hours);
  for (const { anchor } of [...go, ...approved]) book.noteWent(DELETIONS, anchor, at(hours));
  return go.length + approved.length;
}

test('counts small portions together for 24 hours', () => {
  assert.equal(carryOut(people(0, 6), 40, 0), 6);
  assert.equal(carryOut(people(10, 4), 34, 12), 4);
  assert.equal(carryOut(people(20, 1), 30, 23.9), 0);
  assert.equal(carryOut([...people(20, 1), ...people(30, 6)], 30, 24.1), 0, 'who is held counts, too');
  assert.equal(carryOut([...people(20, 1), ...people(40, 5)], 30, 24.2), 5);
  assert.equal(book.went(DELETIONS, at(36.1)), 5);
});

test('takes as base the most objects of the last 24 hours, including those at their beginning', () => {
  assert.equal(decide([], 400, 0).limit, 40);
  assert.equal(decide([], 200, 1).limit, 40);
  assert.equal(decide([], 300, 2).limit, 40);
  assert.equal(decide([], 300, 24.5).limit, 40);
  assert.equal(decide([], 300, 25.5).limit, 30);
  assert.equal(decide([], 110, 26.1).limit, 30);
  assert.equal(decide([], 110, 60).limit, 11);
  assert.equal(db.all('SELECT * FROM bulk_level').length, 2, 'no more is kept than is needed');
});

test('takes what is left of a minute with many deletions as base once 24 hours have passed', () => {
  const second = 1 / 3600;
  book.noteObjects(FOREST, 10_000, at(0));
  book.noteObjects(FOREST, 1_000, at(50 * second));
  assert.equal(decide(people(0, 400), 1_000, 60).limit, 100);
});

test('counts the full 24 hours', () => {
  const second = 1 / 3600;
  assert.equal(carryOut(people(0, 10), 50, 59 * second), 10);
  assert.equal(carryOut(people(10, 1), 50, 24 + 58 * second), 0);
  assert.equal(book.went(DELETIONS, at(24 + 61 * second)), 0);
});

test('counts forests separately', () => {
  assert.equal(carryOut(people(0, 10), 50, 0), 10);
  const other = { ...FOREST, scope: 'fabrikam.example.org' };
  const { go } = book.decideDeletions(other, people(0, 10), { objects: 50, threshold: 500 }, at(0));
  assert.equal(go.length, 10);
});

test('approves a shown list by its digest: only those of its lines that still hold', () => {
  assert.equal(carryOut(people(0, 12), 50, 0), 0);
  const shown = book.show(DELETIONS, at(0.1))!;
  assert.match(shown.digest, /^[0-9a-f]{32}$/);
  assert.deepEqual([shown.lines, shown.since], [people(0, 12), at(0).toISOString()]);
  assert.equal(book.show(DELETIONS, at(0.2))!.digest, shown.digest, 'the same list has the same digest');
  // One is restored, one is added, and one is restored and deleted again.
  const again = { ...people(1, 1)[0]!, change: 'b' };
  const later = people(20, 1);
  const pending = [again, ...people(2, 10), ...later];
  assert.equal(carryOut(pending, 50, 1), 0);
  const { lines, ceased } = book.approve(shown.digest);
  assert.deepEqual([lines, ceased], [people(2, 10), 2]);
  assert.deepEqual(book.held(DELETIONS), [again, ...later]);
  assert.equal(carryOut(pending, 50, 2), 10);
  assert.equal(carryOut([again, ...later], 40, 3), 0, 'they wait for an approval of their own');
  assert.equal(book.went(DELETIONS, at(3)), 0, 'what was approved does not count');
  const rest = book.show(DELETIONS, at(3))!;
  assert.notEqual(rest.digest, shown.digest);
  book.approve(rest.digest);
  assert.equal(carryOut([again, ...later], 40, 4), 2);
  assert.equal(book.show(DELETIONS, at(4)), undefined);
});

test('an approval ends with its deletion: a user who returns before it is not deleted by it later', () => {
  carryOut(people(0, 12), 50, 0);
  book.approve(book.show(DELETIONS, at(0))!.digest);
  decide(people(1, 11), 50, 1);
  const { approved, held } = decide(people(0, 12), 50, 2, 0);
  assert.deepEqual([approved, held], [people(1, 11), people(0, 1)]);
});

test('refuses a digest that nobody was shown', () => {
  carryOut(people(0, 12), 50, 0);
  assert.throws(() => book.approve('0'.repeat(32)), { code: 'no-such-list', todo: /Show the lists again/ });
  const shown = book.show(DELETIONS, at(0))!.digest;
  for (let n = 20; n < 41; n++) {
    decide(people(0, n), 50, 1);
    book.show(DELETIONS, at(n));
  }
  assert.throws(() => book.shown(shown), { code: 'no-such-list' }, 'the oldest lists are forgotten');
});

test('holds new accounts above half of the existing ones, and above 1,000, if the administrator configured so', () => {
  const decideNew = (count: number, hold: boolean) =>
    book.decideCreations(FOREST, people(0, count), { objects: 100, hold }, at(0));
  assert.equal(decideNew(1_000, true).go.length, 1_000);
  const alarmed = decideNew(1_001, false);
  assert.deepEqual([alarmed.go.length, alarmed.limit], [1_001, 1_000]);
  assert.equal(decideNew(1_001, true).held.length, 1_001);
  assert.equal(decideNew(1_001, false).held.length, 1_001, 'what was held goes by approval alone');
  book.approve(book.show({ ...FOREST, operation: 'create' }, at(0))!.digest);
  assert.equal(decideNew(1_001, true).approved.length, 1_001);
});
