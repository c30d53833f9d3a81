import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { summarizeGroups } from '@causeway/records';
import { nameKey } from '@causeway/wire';
import fc from 'fast-check';
import type { Person } from '../../person.ts';
import { saveGroup } from '../../testing/group-rows.ts';
import { Ledger } from '../ledger.ts';
import type { LedgerSlice } from './slice-book.ts';

const FORESTS = ['corp.example.com', 'fabrikam.example.org'];
const STEPS = ['group', 'deletion', 'found', 'slice', 'forgotten', 'undone'] as const;

const Steps = fc.array(
  fc.record({
    what: fc.constantFrom(...STEPS),
    forest: fc.constantFrom(...FORESTS),
    anchor: fc.constantFrom('a', 'b', 'c'),
    prefix: fc.constantFrom('', '0', '1'),
    sequence: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 20 },
);
type Step = typeof Steps extends fc.Arbitrary<(infer T)[]> ? T : never;

function change(ledger: Ledger, { what, forest, anchor, prefix, sequence }: Step): void {
  const group: Person = { forest, anchor };
  const slice: LedgerSlice = { prefix, sequence, objectGuid: anchor, digest: '' };
  const managedGuid = `${forest}/${anchor}`;
  if (what === 'group') saveGroup(ledger, group, { managedGuid, sequence, deleted: false });
  else if (what === 'deletion') saveGroup(ledger, group, { managedGuid: null, sequence, deleted: true });
  else if (what === 'found') saveGroup(ledger, group, { managedGuid, sequence: null });
  else if (what === 'slice') ledger.slices.believe(group, slice, [], [slice]);
  else ledger.slices.forget(group, ledger.slices.of(group));
}

/** Asserts that what is kept for the comparison with heads equals what the ledger has. */
function assertFresh(ledger: Ledger): void {
  for (const forest of FORESTS) {
    const { groups, slices, groupBuckets } = summarizeGroups(ledger.groupHeads.entries(forest));
    assert.equal(ledger.groupHeads.ours(forest).buckets, groupBuckets);
    assert.deepEqual(ledger.groupHeads.counts(forest), { groups, slices });
  }
}

test('keeps digests equal to those of the groups and slices, whatever changes and whatever is rolled back', () => {
  fc.assert(
    fc.property(Steps, steps => {
      const ledger = new Ledger(':memory:');
      assertFresh(ledger);
      for (const step of steps) {
        const play = () =>
          ledger.transaction(() => {
            change(ledger, step.what === 'undone' ? { ...step, what: 'group' } : step);
            assertFresh(ledger);
            if (step.what === 'undone') throw new Error('undone');
          });
        if (step.what === 'undone') assert.throws(play, /^Error: undone$/);
        else play();
        assertFresh(ledger);
      }
      ledger.close();
    }),
    { numRuns: 50 },
  );
});

test('keeps them equal when another process writes', t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-group-heads-'));
  const file = join(folder, 'ledger.db');
  const ledger = new Ledger(file);
  const other = new DatabaseSync(file);
  other.function('name_key', { deterministic: true }, name => name && nameKey(String(name)));
  t.after(() => {
    other.close();
    ledger.close();
    rmSync(folder, { recursive: true });
  });
  for (const forest of FORESTS)
    for (const what of ['group', 'slice'] as const)
      change(ledger, { what, forest, anchor: 'a', prefix: '', sequence: 1 });
  for (const forest of FORESTS)
    for (const sql of [
      'UPDATE slices SET sequence = 2',
      "UPDATE slices SET prefix = '0'",
      'DELETE FROM slices',
      'UPDATE groups SET sequence = 2',
      'UPDATE groups SET deleted = 1',
      'UPDATE groups SET deleted = 0',
      'DELETE FROM groups',
    ]) {
      assertFresh(ledger);
      other.prepare(`${sql} WHERE forest = ?`).run(forest);
      assertFresh(ledger);
    }
});
