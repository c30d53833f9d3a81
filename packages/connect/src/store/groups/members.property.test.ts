import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '@causeway/service';
import fc from 'fast-check';
import { connectorStore, openStore } from '../store.ts';

/** A part of a list that is read, or members from a delta. */
const step = fc.record({
  what: fc.constantFrom('add', 'remove', 'read'),
  group: fc.nat(2),
  members: fc.array(fc.nat(9).map(String), { maxLength: 6 }),
});

function played(
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
  isTogether: boolean,
) {
  const log = createLog('test', { write: () => {} });
  const store = openStore(undefined, log);
  const { lists, members, db } = connectorStore(store, 'corp.example.com');
  const ids = [0, 1, 2].map(n => lists.begin(String(n), null).id);
  const play = (): void => {
    for (const { what, group, members: references } of steps) {
      const id = ids[group]!;
      if (what === 'add') members.add(id, references);
      else if (what === 'remove') members.remove(id, references);
      else {
        members.beginRead(id);
        for (const reference of references) members.readPart(id, [reference, reference]);
        members.endRead(id);
      }
    }
  };
  db.transaction(() => (isTogether ? members.together(play) : play()));
  const there = [
    db.all('SELECT * FROM membership ORDER BY group_id, key'),
    db.all('SELECT members FROM group_list ORDER BY id'),
    db.all('SELECT group_id, prefix, dirty > 1 AS soiled FROM slice ORDER BY group_id'),
  ];
  store.close();
  return there;
}

test('writes the same together as one by one, whatever is read in between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), steps => {
      assert.deepEqual(played(steps, true), played(steps, false));
    }),
  );
});
