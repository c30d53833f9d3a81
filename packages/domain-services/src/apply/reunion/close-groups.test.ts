import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { DatabaseAtRest, GroupAtRest } from '../../directory/database-at-rest.ts';
import { UNIVERSAL_DISTRIBUTION, UNIVERSAL_SECURITY } from '../../directory/groups/group-values.ts';
import type { GroupsSnapshot } from '../../testing/groups-peer.ts';
import { GroupsPlace } from '../../testing/groups-place.ts';
import type { Group, Person } from '../../testing/index.ts';
import { reunite } from './reunite.ts';

let place: GroupsPlace;
let staff: Group;
let [alice, bob]: Person[] = [];
let backup: GroupsSnapshot;
let administrators: GroupAtRest | undefined;

beforeEach(async () => {
  administrators = undefined;
  place = new GroupsPlace();
  const { corp } = place;
  staff = corp.group('Staff');
  [alice, bob] = [corp.person('alice'), corp.person('bob')];
  for (const one of [alice!, bob!]) place.come(one);
  await show(staff, corp.groupRecord(staff), ...corp.slices(staff, [alice!.anchor, bob!.anchor]));
  assert.deepEqual(place.members('Staff'), ['alice', 'bob']);
  backup = place.peer.snapshot();
});
afterEach(() => place.ledger.close());

const show = (group: Group, ...records: string[]) =>
  place.show(...records.map(record => place.item(group, record)));

/** Restores the directory from the backup, and runs the reunion before it serves. */
async function restore(changes: Partial<DatabaseAtRest> = {}): Promise<void> {
  const { ledger, log, peer } = place;
  peer.takeBack(backup);
  const database: DatabaseAtRest = {
    realm: place.domain.realm,
    generation: async () => undefined,
    putGeneration: async () => {},
    people: async () => new Set(peer.others.keys()),
    administrators: async () => administrators,
    write: async writes =>
      writes.flatMap(one => (one.kind === 'modify' ? [peer.writeAtRest(one.guid, one.values)] : [])),
    raiseRids: async () => {},
    ...peer.atRest,
    ...changes,
  };
  // The first call is that of a new domain. From then on the ledger knows a generation that this directory does not.
  await reunite({ ledger, database, log });
  assert.equal(await reunite({ ledger, database, log }), 'directory-older');
}

test('a member removed from a group since the backup is not in it when the domain serves again', async () => {
  await show(staff, ...place.corp.slices(staff, [alice!.anchor]));
  await restore();
  assert.deepEqual(place.members('Staff'), ['alice']);
});

test('the keeper adds a member who joined a group since the backup, and removes nobody else', async () => {
  const carol = place.corp.person('carol');
  place.come(carol);
  await show(staff, ...place.corp.slices(staff, [alice!.anchor, carol.anchor]));
  await restore();
  assert.deepEqual(place.members('Staff'), ['alice']);
  await place.clock.pass(3_600_000);
  await place.turn();
  assert.deepEqual(place.members('Staff'), ['alice', 'carol']);
});

test('a group deleted since the backup is empty until it is deleted again', async () => {
  await show(staff, place.corp.groupRecord(staff, { deleted: true }));
  assert.equal(place.members('Staff'), undefined);
  await restore();
  assert.deepEqual(place.members('Staff'), []);
  await place.clock.pass(3_600_000);
  await place.show();
  assert.equal(place.members('Staff'), undefined);
});

test('a group leaves the group it was removed from, and a deleted group leaves every group', async () => {
  const { corp } = place;
  const [outer, other] = [corp.group('Outer'), corp.group('Other')];
  await show(outer, corp.groupRecord(outer), ...corp.slices(outer, [staff.anchor]));
  await show(other, corp.groupRecord(other), ...corp.slices(other, [staff.anchor]));
  backup = place.peer.snapshot();
  await show(outer, ...corp.slices(outer, []));
  await restore();
  assert.deepEqual([place.members('Outer'), place.members('Other')], [[], ['Staff']]);
  await place.turn();
  await show(staff, corp.groupRecord(staff, { deleted: true }));
  await restore();
  assert.deepEqual([place.members('Outer'), place.members('Other')], [[], []]);
});

test('a group that is no longer a security group has no rights', async () => {
  await show(staff, place.corp.groupRecord(staff, { securityEnabled: false }));
  const typeOf = () => place.peer.named('Staff')?.values.groupType?.[0];
  assert.equal(typeOf(), UNIVERSAL_DISTRIBUTION);
  await restore();
  assert.deepEqual([typeOf(), place.members('Staff')], [UNIVERSAL_DISTRIBUTION, ['alice', 'bob']]);
});

test('a group created again since the backup exists twice, and the earlier one is empty', async () => {
  const { peer, ledger, corp } = place;
  const old = peer.named('Staff')!.guid;
  peer.stored.delete(old);
  peer.tombstones.clear();
  await place.clock.pass(3_600_000);
  await place.turn();
  const now = ledger.groups.of({ forest: corp.forest, anchor: staff.anchor })!.managedGuid;
  assert.notEqual(now, old);
  await restore();
  assert.deepEqual([...peer.stored.get(old)!.members], []);
});

test('leaves a group alone that is not ours', async () => {
  const members = new Set([...place.peer.others.keys()]);
  const values = { groupType: [UNIVERSAL_SECURITY] };
  place.peer.stored.set(randomUUID(), { name: 'Printers', values, members });
  backup = place.peer.snapshot();
  await restore();
  assert.deepEqual(place.members('Printers'), ['alice', 'bob']);
});

test('a former administrator of the domain is none when it serves again', async () => {
  const out: string[][] = [];
  administrators = { guid: 'administrators', groupType: '', members: new Set(['who was', 'who was, too']) };
  const { takeOut } = place.peer.atRest;
  await restore({
    takeOut: async (guid, members) => {
      if (guid !== 'administrators') return takeOut(guid, members);
      out.push([...members]);
      return { ok: true };
    },
  });
  assert.deepEqual(out, [['who was', 'who was, too']]);
});

test('a member that the database does not remove affects no other member, and is logged', async () => {
  await show(staff, ...place.corp.slices(staff, []));
  const stuck = [...place.peer.others].find(([, name]) => name === 'bob')![0];
  const { takeOut } = place.peer.atRest;
  await restore({
    takeOut: async (guid, members) =>
      members.includes(stuck) ? { ok: false, gone: false, reason: 'no' } : takeOut(guid, members),
  });
  assert.deepEqual(place.members('Staff'), ['bob']);
  assert.match(place.said.join(), /cannot remove a member from a group/);
});
