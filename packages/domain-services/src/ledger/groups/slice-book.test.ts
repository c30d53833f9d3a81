import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isBelow, liveSlices, memberKey } from '@causeway/records';
import fc from 'fast-check';
import { Ledger } from '../ledger.ts';
import type { LedgerSlice } from './slice-book.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-slices-'));
after(() => rmSync(folder, { recursive: true }));

const REFERENCES = Array.from({ length: 24 }, (_, n) => `member ${n}`);
let count = 0;
const open = () => new Ledger(join(folder, `${count++}.db`));

interface Said extends LedgerSlice {
  members: string[];
}

/** The members of the group if the newest of all slices that cover a member decides on it. */
function membersBy(slices: readonly Said[]): string[] {
  return REFERENCES.filter(reference => {
    const covering = slices.filter(({ prefix }) => isBelow(prefix, memberKey(reference)));
    const newest = covering.reduce<Said | undefined>(
      (best, one) => (best && best.sequence > one.sequence ? best : one),
      undefined,
    );
    return newest?.members.includes(reference);
  });
}

const Slices = fc.array(
  fc.record({
    prefix: fc.array(fc.constantFrom('0', '1'), { maxLength: 4 }).map(bits => bits.join('')),
    members: fc.subarray(REFERENCES),
  }),
  { maxLength: 12 },
);

test('the newest slice that covers a member decides, in whatever order and however often slices come', () => {
  fc.assert(
    fc.property(Slices, fc.infiniteStream(fc.nat(11)), (drawn, order) => {
      const said: Said[] = drawn.map((one, n) => ({
        ...one,
        ...{ sequence: n + 1, digest: String(n), objectGuid: 'guid' },
      }));
      const ledger = open();
      const group = { forest: 'corp.example.com', anchor: 'group' };
      const come = (slice: Said): void => {
        const { members, ...one } = slice;
        const live = liveSlices([...ledger.slices.of(group), one]);
        if (live.includes(one)) ledger.slices.believe(group, one, members, live);
      };
      ledger.transaction(() => {
        for (const n of order.take(12)) if (said[n]) come(said[n]);
        for (const slice of said.toReversed()) come(slice);
      });
      const found = ledger.memberships.due(group, false, 100);
      const present = found.filter(({ sequence }) => sequence !== null).map(({ reference }) => reference);
      assert.deepEqual(present.sort(), membersBy(said).sort());
      const live = ledger.slices.of(group).map(({ sequence }) => sequence);
      assert.deepEqual(
        live.sort((a, b) => a - b),
        liveSlices(said)
          .map(({ sequence }) => sequence)
          .sort((a, b) => a - b),
      );
      ledger.close();
    }),
    { numRuns: 60 },
  );
});
