import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { checkSid, domainSidOf } from '../../apply/on-premises-sid.ts';
import { newEntry } from '../../apply/plan.ts';
import type { Person } from '../../person.ts';
import { saveGroup } from '../../testing/group-rows.ts';
import type { GroupEntry } from '../groups/group-book.ts';
import { Ledger } from '../ledger.ts';
import type { Sharing } from './sid-book.ts';

// Security groups have their on-premises SIDs by the same rules as users, and in the same table.

const FOREST = 'corp.example.com';
const OTHER = 'fabrikam.example.org';
const DOMAIN = 'S-1-5-21-1-2-3';
const MANAGED = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-9-9-9' };
let ledger: Ledger;

beforeEach(() => {
  ledger?.close();
  ledger = new Ledger(':memory:');
  ledger.confirmSid(DOMAIN, FOREST);
});
after(() => ledger.close());

const sids = () => ledger.sids;
/** Stores what the record of a security group says. */
function comes(
  anchor: string,
  sid: string,
  changes: Partial<GroupEntry> = {},
  forest = FOREST,
): Person & { sid: string } {
  saveGroup(ledger, { forest, anchor }, changes);
  sids().want({ forest, anchor }, sid, domainSidOf(sid) ?? null);
  return { forest, anchor, sid };
}
function person(anchor: string, rid: number): Person & { sid: string } {
  const entry = newEntry({ sourceAnchor: anchor, forest: FOREST, objectGuid: anchor });
  ledger.accounts.save({ ...entry, managedGuid: `guid of ${anchor}` });
  sids().want({ forest: FOREST, anchor }, `${DOMAIN}-${rid}`, DOMAIN);
  return { forest: FOREST, anchor, sid: `${DOMAIN}-${rid}` };
}
const due = (sharing: Sharing = 'all') =>
  sids()
    .due(sharing, 100)
    .map(({ anchor, wanted, written, history }) => [anchor, wanted, written, history]);
const write = (object: Person, sid: string | null) => {
  sids().wrote(object, sid);
  sids().wroteHistory(object, sid);
};

test('a security group waits for its SID until it is in the directory', () => {
  const staff = comes('staff', `${DOMAIN}-2001`, { managedGuid: null });
  assert.deepEqual(due(), []);
  saveGroup(ledger, staff, { managedGuid: 'guid of staff' });
  assert.deepEqual(due(), [['staff', staff.sid, null, null]]);
  assert.equal(sids().due('all', 1)[0]?.managedGuid, 'guid of staff');
  write(staff, staff.sid);
  assert.deepEqual(due(), []);
  const { people, groups } = sids().counts();
  assert.deepEqual(
    [people, groups],
    [
      { written: 0, waiting: 0 },
      { written: 1, waiting: 0 },
    ],
  );
});

test('a group loses its SID when it stops being a security group, gets another SID, or its domain is no longer confirmed', () => {
  const staff = comes('staff', `${DOMAIN}-2001`);
  write(staff, staff.sid);
  const moved = `${DOMAIN}-2002`;
  sids().want(staff, moved, DOMAIN);
  assert.deepEqual(due(), [['staff', moved, staff.sid, staff.sid]]);
  sids().want(staff, staff.sid, DOMAIN);
  ledger.confirmSid(DOMAIN, undefined);
  assert.deepEqual(due(), [['staff', null, staff.sid, staff.sid]]);
  ledger.confirmSid(DOMAIN, FOREST);
  saveGroup(ledger, staff, { securityEnabled: false });
  assert.deepEqual(due(), [['staff', null, staff.sid, staff.sid]]);
  sids().takeChanged();
  sids().want(staff, null, null);
  assert.equal(sids().takeChanged(), true, 'it is looked at once');
});

test('a group keeps its SID while its deletion is pending, and loses it with the deletion', () => {
  const staff = comes('staff', `${DOMAIN}-2001`);
  write(staff, staff.sid);
  saveGroup(ledger, staff, { deleted: true });
  assert.deepEqual(due(), []);
  saveGroup(ledger, staff, { managedGuid: null, lastManagedGuid: 'guid of staff' });
  assert.deepEqual(due(), [['staff', null, staff.sid, null]]);
  write(staff, null);
  assert.deepEqual([due(), sids().counts().groups], [[], { written: 0, waiting: 0 }]);
});

test('a group that was deleted by hand gets its SID back when it is made again', () => {
  const staff = comes('staff', `${DOMAIN}-2001`);
  write(staff, staff.sid);
  saveGroup(ledger, staff, { managedGuid: null, lastManagedGuid: 'guid of staff' });
  assert.deepEqual(due(), [['staff', null, staff.sid, null]]);
  sids().wrote(staff, null);
  assert.deepEqual(due(), []);
  saveGroup(ledger, staff, { managedGuid: 'another guid', lastManagedGuid: 'another guid' });
  // What its tombstone had in sIDHistory is removed first.
  assert.deepEqual(due(), [['staff', staff.sid, null, '']]);
  ledger.confirmSid(DOMAIN, undefined);
  assert.deepEqual(due(), [['staff', null, null, '']]);
});

test('writes the SID again for a group that was re-created or restored before the keeper looked', () => {
  const staff = comes('staff', `${DOMAIN}-2001`);
  write(staff, staff.sid);
  saveGroup(ledger, staff, { managedGuid: null, lastManagedGuid: 'guid of staff' });
  saveGroup(ledger, staff, { managedGuid: 'another guid', lastManagedGuid: 'another guid' });
  assert.deepEqual(due(), [['staff', staff.sid, null, '']]);
  write(staff, staff.sid);
  saveGroup(ledger, staff, { managedGuid: null, lastManagedGuid: 'another guid', deleted: true });
  saveGroup(ledger, staff, { managedGuid: 'another guid', lastManagedGuid: 'another guid' });
  sids().want(staff, staff.sid, DOMAIN);
  assert.deepEqual(due(), [['staff', staff.sid, null, '']]);
});

test('a user and a group never share a SID: the first holder keeps it', () => {
  const alice = person('alice', 1105);
  write(alice, alice.sid);
  const staff = comes('staff', alice.sid);
  assert.deepEqual(due(), []);
  sids().want(alice, null, null);
  assert.deepEqual(due(), [['alice', null, alice.sid, alice.sid]]);
  write(alice, null);
  assert.deepEqual(due(), [['staff', staff.sid, null, null]]);
  write(staff, staff.sid);
  sids().want(alice, alice.sid, DOMAIN);
  assert.deepEqual(due(), []);
});

test('with the setting `groups` only groups have SIDs, and users lose theirs, even those from before', () => {
  const alice = person('alice', 1105);
  const bob = person('bob', 1106);
  const staff = comes('staff', `${DOMAIN}-2001`);
  for (const one of [alice, staff]) write(one, one.sid);
  assert.deepEqual(due('groups'), [['alice', null, alice.sid, alice.sid]]);
  assert.deepEqual(due('none'), [
    ['alice', null, alice.sid, alice.sid],
    ['staff', null, staff.sid, staff.sid],
  ]);
  write(alice, null);
  sids().takeAll('groups');
  assert.deepEqual(due('groups'), [
    ['alice', null, null, alice.sid],
    ['bob', null, null, bob.sid],
  ]);
  for (const one of [alice, bob]) sids().wroteHistory(one, null);
  assert.deepEqual(due('groups'), []);
  assert.deepEqual(
    due('all').map(([anchor, wanted]) => [anchor, wanted]),
    [
      ['alice', alice.sid],
      ['bob', bob.sid],
    ],
  );
});

test('a hostile forest gets no group a SID that is built-in, privileged, of this domain, of a machine or of another forest', () => {
  const theirs = 'S-1-5-21-7-7-7';
  const machine = 'S-1-5-21-77-88-99';
  ledger.confirmSid(theirs, OTHER);
  const tries: [sid: string, code: string | undefined][] = [
    ['S-1-5-32-544', 'protected-sid'],
    ['S-1-5-32-1001', 'protected-sid'],
    ['S-1-5-18', 'protected-sid'],
    ['S-1-1-0', 'protected-sid'],
    ['S-1-0-0', 'protected-sid'],
    [`${DOMAIN}-500`, 'protected-sid'],
    [`${DOMAIN}-512`, 'protected-sid'],
    [`${DOMAIN}-519`, 'protected-sid'],
    [`${DOMAIN}-999`, 'protected-sid'],
    [`${DOMAIN}-1001-1001`, 'protected-sid'],
    [`${MANAGED.sid}-512`, 'protected-sid'],
    [`${MANAGED.sid}-1103`, 'protected-sid'],
    [`${theirs}-1201`, 'other-forest-sid'],
    [`${machine}-1001`, undefined],
  ];
  for (const [n, [objectSid, code]] of tries.entries()) {
    const group = { forest: FOREST, anchor: `try ${n}` };
    const refused = checkSid({ objectSid, forest: FOREST, sequence: 1 }, MANAGED, sid =>
      sids().forestOf(sid),
    );
    assert.equal(refused?.code, code, objectSid);
    const domainSid = code === 'protected-sid' ? null : (domainSidOf(objectSid) ?? null);
    saveGroup(ledger, group);
    sids().want(group, domainSid && objectSid, domainSid);
  }
  assert.deepEqual(due(), []);
  const asked = sids()
    .domains()
    .filter(one => one.confirmedAt === null && one.declinedAt === null);
  assert.deepEqual(
    asked.map(({ sid, people, groups }) => [sid, people, groups]),
    [[machine, 0, 1]],
  );
});

test('finds a group by its objectGUID in the managed domain, like a user', () => {
  const alice = person('alice', 1105);
  const staff = comes('staff', `${DOMAIN}-2001`);
  for (const { forest, anchor } of [alice, staff])
    assert.deepEqual(sids().managed(`guid of ${anchor}`), { forest, anchor });
  assert.equal(sids().managed('guid of nobody'), undefined);
  assert.deepEqual(
    sids()
      .all()
      .map(one => [one.anchor, one.managedGuid]),
    [
      ['alice', 'guid of alice'],
      ['staff', 'guid of staff'],
    ],
  );
});
