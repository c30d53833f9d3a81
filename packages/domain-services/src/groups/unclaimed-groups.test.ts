import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { summarizeGroups } from '@causeway/records';
import { deleteUnclaimed } from '../admin/delete-unclaimed.ts';
import { groupValues } from '../directory/groups/group-values.ts';
import { groupsOfReceipt } from '../heads/receipt.ts';
import { GroupsPlace } from '../testing/groups-place.ts';
import { ForestPeer } from '../testing/index.ts';
import { adoptGroups } from './adopt-groups.ts';

/** A new ledger finds a group in the directory after the old ledger was lost, with alice in it. */
async function found() {
  const place = new GroupsPlace();
  const { corp, peer, ledger } = place;
  const [left, alice] = [corp.group('Left'), corp.person('alice')];
  const { forest } = corp;
  const entry = { ...left, forest, securityEnabled: true, displayName: null, mail: null };
  const nonce = { 'mS-DS-ConsistencyGuid': [randomUUID()] };
  const { guid } = await peer.groups.make('Left', { ...groupValues(entry), ...nonce });
  place.come(alice);
  const account = ledger.accounts.of({ forest, anchor: alice.anchor })!;
  peer.stored.get(guid!)!.members.add(account.managedGuid!);
  await adoptGroups({ ...place, groups: peer.groups });
  return { place, corp, left, alice };
}

/** Compares a head that names no group. */
function compareHead({ ledger, corp: { forest } }: GroupsPlace): void {
  const at = ledger.timestamp();
  const common = { sequence: 1, time: at };
  const head = { ...common, forest, receivedAt: at, accounts: 0, credentials: 0, buckets: '' };
  ledger.heads.saveHead({ ...head, ...summarizeGroups([]) });
  const agreedAt = Array<string>(256).fill(at);
  ledger.groupHeads.saveComparison(forest, { ...common, agreedAt, differences: [], explained: [] });
}

const codes = ({ ledger }: GroupsPlace) => ledger.problems.list().map(({ kind, code }) => [kind, code]);

test("a group without a record loses its members once a head was compared, and is deleted at the forest's word", async () => {
  const { place, corp, left } = await found();
  await place.show();
  assert.deepEqual([place.members('Left'), codes(place)], [['alice'], []]);
  compareHead(place);
  await place.turn();
  assert.deepEqual([place.members('Left'), codes(place)], [[], [['group', 'unclaimed']]]);
  assert.deepEqual(
    place.ledger.groupHeads.entries(corp.forest),
    [{ anchor: left.anchor, prefix: null, sequence: 0 }],
    'Connect finds the stranger in the receipt',
  );
  assert.deepEqual(groupsOfReceipt(place.ledger, corp.forest).groupsNotWritten, [
    [left.anchor, null, 'unclaimed'],
  ]);
  assert.deepEqual(await place.show(place.item(left, corp.groupRecord(left, { deleted: true }))), []);
  assert.equal(place.members('Left'), undefined);
  assert.deepEqual(place.ledger.groupHeads.entries(corp.forest), []);
});

test('a group whose record comes after all gets its members back', async () => {
  const { place, corp, left, alice } = await found();
  compareHead(place);
  await place.show();
  assert.deepEqual(place.members('Left'), []);
  const records = [corp.groupRecord(left), corp.slice(left, [alice.anchor])];
  assert.deepEqual(await place.show(...records.map(one => place.item(left, one))), []);
  assert.deepEqual(place.members('Left'), ['alice']);
});

test('a group whose record was rejected keeps its members, unless no trusted key signed that record', async () => {
  const { place, corp, left } = await found();
  compareHead(place);
  const anew = { ...left, objectGuid: randomUUID() };
  await place.show(place.item(left, corp.groupRecord(anew)));
  assert.deepEqual([place.members('Left'), codes(place)], [['alice'], [['group', 'anchor-moved']]]);
  await place.show(place.item(left, new ForestPeer(place.tenant, corp.forest).groupRecord(left)));
  assert.deepEqual([place.members('Left'), codes(place)], [[], [['group', 'unclaimed']]]);
});

test("a group of the tenant's own, which has no heads, loses its members once the feed was read to its end without it", async () => {
  const place = new GroupsPlace();
  const { cloud, peer } = place;
  const [left, visitor] = [cloud.group('Left'), cloud.person('visitor')];
  const entry = { ...left, forest: cloud.forest, securityEnabled: true, displayName: null, mail: null };
  const nonce = { 'mS-DS-ConsistencyGuid': [randomUUID()] };
  const { guid } = await peer.groups.make('Left', { ...groupValues(entry), ...nonce });
  place.come(visitor, cloud);
  const { managedGuid } = place.ledger.accounts.of({ forest: cloud.forest, anchor: visitor.anchor })!;
  peer.stored.get(guid!)!.members.add(managedGuid!);
  await adoptGroups({ ...place, groups: peer.groups });
  await place.turn();
  assert.deepEqual([place.members('Left'), codes(place)], [['visitor'], []], 'not before it was read');
  await place.show();
  assert.deepEqual([place.members('Left'), codes(place)], [[], [['group', 'unclaimed']]]);
});

test('an administrator can delete the groups of a forest that no longer exists', async () => {
  const { place, corp } = await found();
  assert.throws(() => deleteUnclaimed(place.ledger, corp.forest), { code: 'none-unclaimed' });
  compareHead(place);
  await place.show();
  assert.match(deleteUnclaimed(place.ledger, corp.forest).message, /^0 accounts and 1 groups/);
  await place.turn();
  assert.deepEqual([place.members('Left'), codes(place)], [undefined, []]);
});
