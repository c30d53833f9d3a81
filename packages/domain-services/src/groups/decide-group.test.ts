import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { CLOUD_FOREST, type TrustedSigner } from '@causeway/records';
import { newGroup } from '../ledger/groups/group-book.ts';
import type { LedgerSlice } from '../ledger/groups/slice-book.ts';
import type { Trust } from '../pairing/trust.ts';
import type { Refused } from '../refusals.ts';
import { ForestPeer, type Group } from '../testing/index.ts';
import { decideGroup, decideSlice, type KnownGroup } from './decide-group.ts';
import { verifyGroupItem } from './verify-group-item.ts';

const TENANT = randomUUID();
const corp = new ForestPeer(TENANT);
const fabrikam = new ForestPeer(TENANT, 'fabrikam.example.org');
const cloud = new ForestPeer(TENANT, CLOUD_FOREST);
const trust: Trust = keyId =>
  [corp, fabrikam, cloud]
    .filter(({ publicKey }) => publicKey.keyId === keyId)
    .map((one): TrustedSigner => ({ publicKey: one.publicKey.publicKey, forests: new Set([one.forest]) }))[0];

const staff = corp.group('Staff');
const other = corp.group('Other');
const NOBODY: KnownGroup = { entry: undefined, isPerson: false };
const known = (changes: Partial<KnownGroup['entry']> = {}): KnownGroup => ({
  entry: { ...newGroup({ forest: corp.forest, anchor: staff.anchor }, staff.objectGuid), ...changes },
  isPerson: false,
});

/** The decision on a record that the feed shows for a group. */
function decided(record: string, state: KnownGroup = NOBODY, shown: Group = staff, by = corp) {
  const item = { forest: by.forest === CLOUD_FOREST ? null : by.forest, sourceAnchor: shown.anchor, record };
  const verified = verifyGroupItem(item, trust, TENANT);
  const { group } = verified;
  const one =
    verified.kind === 'group'
      ? decideGroup(state, group, verified.record as never)
      : decideSlice(state, [], group, verified.record as never);
  return 'code' in one ? one.code : one.kind;
}

test('believes a group and its slices, also slices that come before the group', () => {
  assert.equal(decided(corp.groupRecord(staff)), 'believe');
  assert.equal(decided(corp.slice(staff, ['a'])), 'believe');
  assert.equal(decided(corp.slice(staff, ['a']), known()), 'believe');
});

test('believes no record of another forest, group or tenant, and none that no trusted key signed', () => {
  const stranger = new ForestPeer(TENANT);
  const elsewhere = new ForestPeer(randomUUID());
  for (const say of [(by: ForestPeer) => by.groupRecord(staff), (by: ForestPeer) => by.slice(staff, ['a'])]) {
    assert.equal(decided(say(fabrikam)), 'record-mismatch');
    assert.equal(decided(say(stranger)), 'unknown-signer');
    assert.equal(decided(say(elsewhere)), 'unknown-signer');
    assert.equal(decided(say(corp), known(), other), 'record-mismatch');
  }
  // The key of one forest signs for another forest.
  const forged = (changes: object) => fabrikam.groupRecord(staff, { ...changes, forest: corp.forest });
  assert.equal(decided(forged({})), 'other-forest');
  assert.equal(decided(fabrikam.slice(staff, ['a'], { forest: corp.forest })), 'other-forest');
});

test('rejects a slice to which the tenant added a member, because the signature no longer fits', () => {
  const [header, payload, signature] = corp.slice(staff, ['a']).split('.') as [string, string, string];
  const said = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { members: string[] };
  for (const members of [['a', 'b'], [], ['b']]) {
    const forged = Buffer.from(JSON.stringify({ ...said, members })).toString('base64url');
    assert.equal(decided(`${header}.${forged}.${signature}`, known()), 'bad-signature');
  }
});

test('rejects the anchor of a user as a group, and a group that the tenant signs for a forest or a forest for the tenant', () => {
  assert.equal(decided(corp.groupRecord(staff), { ...NOBODY, isPerson: true }), 'retyped');
  assert.equal(decided(corp.slice(staff, ['a']), { ...NOBODY, isPerson: true }), 'retyped');
  const own = cloud.group('Partners');
  const signed = (by: ForestPeer, forest: string) => [
    by.groupRecord(own, { forest, objectSid: forest === CLOUD_FOREST ? null : staff.sid }),
    by.slice(own, ['a'], { forest }),
  ];
  const codes = (records: string[], as: ForestPeer) =>
    records.map(record => decided(record, NOBODY, own, as));
  assert.deepEqual(codes(signed(cloud, CLOUD_FOREST), cloud), ['believe', 'believe']);
  assert.deepEqual(codes(signed(cloud, CLOUD_FOREST), corp), ['record-mismatch', 'record-mismatch']);
  assert.deepEqual(codes(signed(cloud, corp.forest), corp), ['other-forest', 'other-forest']);
  assert.deepEqual(codes(signed(corp, CLOUD_FOREST), cloud), ['other-forest', 'other-forest']);
  assert.equal(
    decided(signed(cloud, CLOUD_FOREST)[0]!, { ...NOBODY, isPerson: true }, own, cloud),
    'retyped',
  );
});

test('rejects an older record, and another record with the same sequence', () => {
  const record = corp.groupRecord(staff, { sequence: 10 });
  const { record: verified } = verifyGroupItem(corp.groupItem(staff, record), trust, TENANT);
  const { digest } = verified.ok ? verified.record : { digest: '' };
  assert.equal(decided(record, known({ sequence: 11 })), 'older-sequence');
  assert.equal(decided(record, known({ sequence: 10, digest })), 'unchanged');
  assert.equal(decided(record, known({ sequence: 10, digest: 'other' })), 'older-sequence');
  assert.equal(decided(record, known({ sequence: 9 })), 'believe');
});

test('once a key is no longer trusted, the records already believed change nothing, and no other record of it is believed', () => {
  const nobody: Trust = () => undefined;
  const [group, slice] = [corp.groupRecord(staff, { sequence: 10 }), corp.slice(staff, ['a'])];
  const shown = (record: string) => verifyGroupItem(corp.groupItem(staff, record), nobody, TENANT);
  const digest = hash('sha256', group, 'base64url');
  const person = { forest: corp.forest, anchor: staff.anchor };
  const ofGroup = (state: KnownGroup) => decideGroup(state, person, shown(group).record as never);
  assert.deepEqual(ofGroup(known({ sequence: 10, digest })), { kind: 'unchanged', sequence: 10 });
  for (const state of [NOBODY, known(), known({ sequence: 10, digest: 'other' })])
    assert.equal((ofGroup(state) as Refused).code, 'unknown-signer');
  const ofSlice = (...slices: LedgerSlice[]) =>
    decideSlice(known(), slices, person, shown(slice).record as never);
  const believed = { prefix: '', sequence: 1, objectGuid: staff.objectGuid };
  assert.equal(ofSlice({ ...believed, digest: hash('sha256', slice, 'base64url') }).kind, 'unchanged');
  for (const slices of [[], [{ ...believed, digest }]])
    assert.equal((ofSlice(...slices) as Refused).code, 'unknown-signer');
});

test('holds a group re-created under the same anchor, and its slices, until an administrator accepts it', () => {
  const anew = { ...staff, objectGuid: randomUUID() };
  const accepted = `pin:${corp.forest}/${anew.objectGuid}`;
  assert.equal(decided(corp.groupRecord(anew), known()), 'anchor-moved');
  assert.equal(decided(corp.slice(anew, ['a']), known()), 'anchor-moved');
  assert.equal(decided(corp.groupRecord(anew), known({ accepted })), 'believe');
  assert.equal(decided(corp.slice(anew, ['a']), known({ accepted })), 'anchor-moved');
});

test('ignores a slice that is older than the deletion of its group', () => {
  const slice = corp.slice(staff, ['a'], { sequence: 10 });
  assert.equal(decided(slice, known({ deletedSequence: 11 })), 'older-than-deletion');
  assert.equal(decided(slice, known({ deletedSequence: 9 })), 'believe');
});
