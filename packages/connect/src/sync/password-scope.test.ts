import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { generateSealingKey, sealingPublicKey } from '@causeway/records';
import type { HandClock } from '@causeway/service/testing';
import { leaverWithdrawalsOf, withdrawalsOf } from '../objects/hold-withdrawals.ts';
import type { ConnectPlace } from '../testing/connect-place.ts';
import type { ForestPerson } from '../testing/forest-person.ts';
import type { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { refuseStaging } from '../testing/refuse-staging.ts';
import type { ScriptedForest } from '../testing/scripted-forest.ts';
import { type WholeConnect, wholeConnect } from '../testing/whole-connect.ts';

// A whole Connect over a scripted forest and a scripted tenant, to test whose passwords are synchronized (scope.passwords).

const FILTERED = 'PHSFiltered';
const EXCLUDE = '(!(adminDescription=PHSFiltered))';
const INCLUDE = '(adminDescription=PHSIncluded)';

let clock: HandClock;
let peer: ProvisioningPeer;
let forest: ScriptedForest;
let place: ConnectPlace;
let close: WholeConnect['close'];
let ann: ForestPerson;
let ben: ForestPerson;

beforeEach(async () => {
  ({ clock, peer, forest, place, close } = await wholeConnect());
  [ann, ben] = ['ann', 'ben'].map(name => forest.hire(name, `Pass-${name}-1!`)) as [
    ForestPerson,
    ForestPerson,
  ];
  await place.enrol('a-code');
});

afterEach(() => close());

async function start(condition?: string, leaving?: 'keep'): Promise<void> {
  await place.restart(
    condition === undefined ? {} : { passwords: { condition, ...(leaving && { leaving }) } },
  );
  await turn();
}
async function turn(): Promise<void> {
  await clock.pass(10_000);
  await place.turn();
}
/** The version of the password that the tenant has, or why it has none; undefined if it never had one. */
function at({ anchor }: ForestPerson): number | string | undefined {
  const { credential, withdrawal } = peer.users.get(anchor)!;
  return credential?.passwordOrder.version ?? (withdrawal && reasonOf(withdrawal));
}
function reasonOf(withdrawal: string): string {
  const payload = JSON.parse(Buffer.from(withdrawal.split('.')[1]!, 'base64url').toString()) as {
    reason: string;
  };
  return payload.reason;
}
const held = () => {
  const { context } = place.connector;
  return [withdrawalsOf, leaverWithdrawalsOf].map(listOf => context.store.bulk.held(listOf(context)).length);
};
const detailOf = ({ name }: ForestPerson): string => place.status(name).password?.detail ?? '';

test('exclude fewer: withdraws a marked user at once, sends nothing on any request, and resumes without the mark', async () => {
  await start(EXCLUDE);
  assert.deepEqual([at(ann), at(ben)], [1, 1]);
  forest.change(ann, { adminDescription: FILTERED });
  await turn();
  assert.deepEqual([at(ann), at(ben)], ['scope', 1]);
  assert.match(detailOf(ann), /^not in the scope of passwords/);
  forest.setPassword(ann, 'Pass-ann-2!');
  await turn();
  assert.equal(peer.requestsTo('/api/v1/sync/withdrawals').length, 1, 'nobody is told that it changed');
  await place.connector.syncPassword(ann.guid);
  place.connector.context.store.passes.request();
  await turn();
  assert.deepEqual([at(ann), at(ben)], ['scope', 1]);
  assert.deepEqual([place.status('ann').retry, place.status('ann').owedSince], [null, null]);
  forest.change(ann, { adminDescription: undefined });
  await turn();
  assert.deepEqual([at(ann), place.status('ann').password!.status], [2, 'Success']);
});

test('reads a thousand of the users who leave at once per cycle, and starts the next cycle by itself', async () => {
  await start();
  const { store } = place.connector.context;
  const some = Array.from({ length: 1_500 }, () => randomUUID());
  store.db.transaction(() => {
    for (const guid of some) store.queue.putDue(guid, 'password-scope', 'left the scope of passwords');
  });
  await place.connector.cycle({ objects: false });
  assert.equal(some.filter(guid => store.queue.get('password', guid)).length, 500);
  assert.equal(store.queue.hasDue('password'), true);
  await place.connector.cycle({ objects: false });
  assert.equal(store.queue.count(false), 0);
});

test('include fewer: sends passwords of marked users only', async () => {
  forest.change(ben, { adminDescription: 'PHSIncluded' });
  await start(INCLUDE);
  assert.deepEqual([at(ann), at(ben)], ['scope', 1]);
  const cy = forest.hire('cy', 'Pass-cy-1!');
  await turn();
  assert.equal(at(cy), 'scope');
  forest.change(cy, { adminDescription: 'phsincluded' });
  await turn();
  assert.equal(at(cy), 1);
});

test('leaving: keep leaves the last password, sends no more, and seals it for a user who comes back', async () => {
  const key = sealingPublicKey(await generateSealingKey());
  peer.offerKey(key);
  await start(EXCLUDE, 'keep');
  forest.change(ann, { adminDescription: FILTERED });
  forest.change(ben, { adminDescription: FILTERED });
  forest.setPassword(ben, 'Pass-ben-2!');
  await turn();
  assert.deepEqual([at(ann), at(ben)], [1, 1]);
  assert.match(detailOf(ann), /^not in the scope of passwords.*still opens the cloud \(leaving: keep\)/);
  place.connector.context.store.confirmations.confirmDomain(peer.confirmable(key));
  await turn();
  assert.equal(
    place.status('ann').password!.recipientKeyId,
    null,
    'nothing of it goes to the managed domain',
  );
  forest.change(ann, { adminDescription: undefined });
  forest.change(ben, { adminDescription: undefined });
  await turn();
  assert.deepEqual([at(ann), at(ben)], [1, 2]);
  assert.equal(place.status('ann').password!.recipientKeyId, key.keyId);
});

test('withdraws a kept password that the tenant lost, and does not send it again', async () => {
  await start(EXCLUDE, 'keep');
  forest.change(ann, { adminDescription: FILTERED });
  await turn();
  const user = peer.users.get(ann.anchor)!;
  peer.users.set(ann.anchor, { object: user.object });
  for (let n = 0; n < 3; n++) await turn();
  assert.equal(at(ann), 'scope');
});

test('withdraws nothing after a change of the rules until an administrator approves, and keeps sending passwords', async () => {
  await start();
  await start(INCLUDE);
  assert.deepEqual([at(ann), at(ben), held()], [1, 1, [0, 2]]);
  forest.setPassword(ann, 'Pass-ann-2!');
  const cy = forest.hire('cy', 'Pass-cy-1!');
  await turn();
  assert.deepEqual([at(ann), at(cy), held()], [2, 'scope', [0, 2]], 'who is new has nothing to lose');
  await place.restart({ passwords: { condition: INCLUDE } });
  forest.change(ben, { adminDescription: 'PHSIncluded' });
  await turn();
  assert.deepEqual([at(ben), held()], [1, [0, 1]], 'a line that does not hold any more drops out');
  assert.equal(place.approve(), 1);
  await turn();
  assert.deepEqual([at(ann), at(ben), held()], ['scope', 1, [0, 0]]);
  await start();
  assert.deepEqual([at(ann), at(cy)], [2, 1], 'the rules of before bring everybody back');
});

test('ends the list when the old rules return, and revokes a deleted or disabled user whatever waits', async () => {
  await start();
  await start(INCLUDE);
  assert.deepEqual(held(), [0, 2]);
  forest.delete(ann);
  forest.change(ben, { enabled: false });
  await turn();
  const { object } = peer.users.get(ben.anchor)!;
  assert.deepEqual([object.operation === 'upsert' && object.accountEnabled, held()], [false, [0, 1]]);
  assert.equal(peer.users.has(ann.anchor), false);
  await start();
  assert.deepEqual(held(), [0, 0]);
  assert.equal(at(ben), 1);
});

test('treats a change from keep to withdraw as a change of the rules: kept passwords wait, and none is sent', async () => {
  await start(EXCLUDE, 'keep');
  forest.change(ann, { adminDescription: FILTERED });
  await turn();
  await start(EXCLUDE);
  forest.setPassword(ann, 'Pass-ann-2!');
  await turn();
  assert.deepEqual([at(ann), held()], [1, [0, 1]]);
  place.approve();
  await turn();
  assert.deepEqual([at(ann), held()], ['scope', [0, 0]]);
});

test('counts changes of the directory as their own kind of deletion, which all wait above the threshold', async () => {
  const others = Array.from({ length: 20 }, (_, n) => forest.hire(`p${n}`, `Pass-${n}-1!`));
  await start(EXCLUDE);
  for (const person of others.slice(0, 6)) forest.change(person, { adminDescription: FILTERED });
  await turn();
  const atOf = (some: ForestPerson[]) => [...new Set(some.map(at))];
  assert.deepEqual([atOf(others.slice(0, 6)), held()], [['scope'], [0, 0]]);
  for (const person of others.slice(6, 11)) forest.change(person, { adminDescription: FILTERED });
  await turn();
  assert.deepEqual([atOf(others.slice(6)), held()], [[1], [5, 0]], 'eleven within a day');
  forest.change(others[6]!, { adminDescription: undefined });
  forest.setPassword(others[7]!, 'Pass-7-2!');
  await turn();
  assert.deepEqual([held(), at(others[7]!)], [[4, 0], 2], 'it grew shorter, and does not go by that');
  forest.delete(ann);
  await turn();
  assert.equal(peer.users.has(ann.anchor), false, 'deletions of people are counted for themselves');
  place.approve();
  await turn();
  assert.deepEqual([atOf(others.slice(7, 11)), held()], [['scope'], [0, 0]]);
});

test('gives a user who comes back from a held deletion the password that the scope then allows', async () => {
  const some = Array.from({ length: 11 }, (_, n) => forest.hire(`p${n}`, `Pass-${n}-1!`));
  await place.restart({
    conditions: { user: '(!(adminDescription=Gone))' },
    passwords: { condition: EXCLUDE },
  });
  await turn();
  const [first, second] = some as [ForestPerson, ForestPerson];
  forest.change(first, { adminDescription: FILTERED });
  await turn();
  for (const person of some) forest.change(person, { adminDescription: 'Gone' });
  await turn();
  assert.deepEqual([at(first), at(second)], ['scope', 1], 'their deletions wait, and everything stays');
  forest.change(first, { adminDescription: undefined });
  forest.change(second, { adminDescription: FILTERED });
  await turn();
  assert.deepEqual([at(first), at(second)], [1, 'scope']);
});

test('decides nothing, while it stages, about passwords that the other Connect sent', async () => {
  await start(EXCLUDE);
  refuseStaging(peer);
  for (let n = 0; n < 2; n++) await turn();
  assert.ok(place.stages);
  forest.change(ann, { adminDescription: FILTERED });
  for (let n = 0; n < 2; n++) await turn();
  const { store } = place.connector.context;
  assert.equal(store.passwordLeavers.countOut(), 0, 'nobody was let go');
  assert.deepEqual([at(ann), held()], [1, [0, 0]]);
  Object.assign(peer, { staging: false, misbehave: () => undefined });
  for (let n = 0; n < 4; n++) await turn();
  assert.equal(place.stages, false);
  assert.deepEqual([at(ann), at(ben)], ['scope', 1]);
});
