import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StateDatabase } from '../state-database.ts';
import { BulkBook } from './bulk-book.ts';
import { BULK_WINDOW_MS, type BulkLine } from './bulk-decision.ts';
import { BULK_TABLES } from './bulk-tables.ts';

const FOREST = { scope: 'corp.example.com', kind: 'user' } as const;
const DELETIONS = { ...FOREST, operation: 'delete' } as const;
const MINUTE = 60_000;
const PEOPLE = 150;

function openBook(): BulkBook {
  const db = new StateDatabase(':memory:');
  db.exec(BULK_TABLES);
  return new BulkBook(db);
}

const Who = (maxLength: number) => fc.array(fc.nat(PEOPLE - 1), { maxLength });
const Step = fc.record({
  leave: Who(15),
  come: Who(4),
  /** Shows the list, or approves one that was shown. */
  show: fc.boolean(),
  approve: fc.option(fc.nat(3), { nil: undefined }),
  threshold: fc.constantFrom(500, 500, 20, 3, 0),
  /** How many are deleted before the process is killed. */
  kill: fc.option(fc.nat(4), { nil: undefined }),
  minutes: fc.constantFrom(0.1, 0.9, 59, 700, 1439, 1440, 4000),
});

/** A directory that users leave and rejoin, and what must hold for each deletion. */
class Model {
  readonly book = openBook();
  now = Date.parse('2026-11-28T10:00:00.000Z');
  readonly #there = new Set(Array.from({ length: PEOPLE }, (_, n) => `${n}`));
  readonly #pending = new Map<string, BulkLine>();
  /** Times of deletions without approval. */
  #went: number[] = [];
  /** How many objects there were, and since when. */
  readonly #levels = [{ at: this.now, objects: PEOPLE }];
  readonly #held = new Set<string>();
  readonly #approved = new Set<string>();
  readonly #shown: { digest: string; lines: readonly BulkLine[] }[] = [];
  #changes = 0;

  move(leave: readonly number[], come: readonly number[]): void {
    for (const anchor of leave.map(String))
      if (this.#there.has(anchor) && !this.#pending.has(anchor))
        this.#pending.set(anchor, { anchor, change: `${this.#changes++}` });
    for (const anchor of come.map(String)) {
      this.#pending.delete(anchor);
      this.#there.add(anchor);
    }
  }

  administer(show: boolean, approve: number | undefined): void {
    const list = show ? this.book.show(DELETIONS, new Date(this.now)) : undefined;
    if (list) this.#shown.push(list);
    const chosen = approve === undefined ? undefined : this.#shown.at(-1 - approve);
    if (chosen === undefined) return;
    const { lines } = this.book.approve(chosen.digest);
    const named = new Set(chosen.lines.map(keyOf));
    for (const line of lines) assert.ok(named.has(keyOf(line)), 'approved and not of the list');
    for (const line of lines) this.#approved.add(keyOf(line));
  }

  cycle(threshold: number, kill: number | undefined): void {
    const counts = { objects: this.#there.size, threshold };
    this.#levels.push({ at: this.now, objects: counts.objects });
    const now = new Date(this.now);
    const pending = [...this.#pending.values()];
    const { go, approved, held } = this.book.decideDeletions(FOREST, pending, counts, now);
    assert.equal(go.length + approved.length + held.length, pending.length);
    this.#check(go, threshold);
    for (const line of go) assert.ok(!this.#held.has(keyOf(line)), 'held, and went without approval');
    for (const line of approved) assert.ok(this.#approved.has(keyOf(line)), 'went for approved and was not');
    for (const line of held) this.#held.add(keyOf(line));
    for (const line of [...approved, ...go].slice(0, kill)) {
      this.book.noteWent(DELETIONS, line.anchor, now);
      this.#pending.delete(line.anchor);
      this.#there.delete(line.anchor);
      if (go.includes(line)) this.#went.push(this.now);
    }
    this.#levels.push({ at: this.now, objects: this.#there.size });
  }

  /** At most the limit of the largest number of objects. A minute that is partly in the window counts. */
  #check(go: readonly BulkLine[], threshold: number): void {
    if (go.length === 0) return;
    const start = Math.floor((this.now - BULK_WINDOW_MS) / MINUTE) * MINUTE;
    const before = this.#levels.findLast(({ at }) => at < start);
    const most = Math.max(
      this.#there.size,
      before?.objects ?? 0,
      ...this.#levels.filter(({ at }) => at >= start).map(({ objects }) => objects),
    );
    const limit = Math.min(threshold, Math.max(10, Math.floor(most / 10)));
    this.#went = this.#went.filter(at => at >= this.now - BULK_WINDOW_MS);
    assert.ok(this.#went.length + go.length <= limit, `${this.#went.length} + ${go.length} of ${most}`);
  }
}

const keyOf = ({ anchor, change }: BulkLine): string => `${anchor} ${change}`;

test('holds the limit for 24 hours whatever happens, and deletes a held user only by an approval that named them', () => {
  fc.assert(
    fc.property(fc.array(Step, { maxLength: 40 }), steps => {
      const model = new Model();
      for (const { leave, come, show, approve, threshold, kill, minutes } of steps) {
        model.move(leave, come);
        model.administer(show, approve);
        model.cycle(threshold, kill);
        model.now += minutes * MINUTE;
      }
    }),
    { numRuns: 200 },
  );
});
