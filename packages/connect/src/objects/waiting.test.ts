import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { connectorStore } from '../store/store.ts';
import { guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { exportStep } from './export-step.ts';
import { sourceAnchorOf } from './source-anchor.ts';
import { creationsOf, deletionsOf, stillSigningIn } from './waiting.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => peer.forget());

const people = (count: number, first = 0) => Array.from({ length: count }, (_, i) => person(first + i));
const gone = (count: number, first = 0) =>
  people(count, first).map(object => ({ ...object, deleted: true, attributes: object.attributes }));
const alarms = ({ store }: ReturnType<typeof testContext>) =>
  store.events.last(50).filter(({ eventId, text }) => eventId === 116 || text.startsWith('ALARM'));

/** A company that is in the tenant already. */
async function company(count: number, settings: Parameters<typeof testContext>[1] = {}) {
  const context = testContext(peer, settings);
  imported(context, ...people(count));
  context.store.cursors.set('dirsync-cookie', 'the first import is through');
  await exportStep(context);
  return context;
}

test('deletes nobody when a small company vanishes, exports everything else, and names in one alarm who can sign in', async () => {
  const context = await company(24);
  imported(context, ...gone(24), person(30));
  const stopped = await exportStep(context);
  assert.deepEqual([stopped.suppressedDeletes, stopped.deleted, stopped.upserted], [24, 0, 1]);
  await exportStep(context);
  assert.equal(peer.users.size, 25);
  const [alarm, ...more] = alarms(context);
  assert.deepEqual(more, []);
  assert.match(alarm!.text, /24 pending deletes\) has exceeded the current threshold of 10 objects/);
  assert.match(alarm!.text, /24 of them can still sign in: user0@corp\.example\.com, .* and others\./);
  assert.match(alarm!.text, /causeway connect deletions --connector 'corp\.example\.com'/);
});

test("applies a lower threshold that an administrator set, and ignores one above the configuration's", async () => {
  const context = await company(40);
  context.store.scheduler.set('deletion-threshold', 2);
  imported(context, ...gone(3));
  assert.equal((await exportStep(context)).suppressedDeletes, 3);
  const another = await company(40, { deletionThreshold: 1 });
  another.store.scheduler.set('deletion-threshold', 400);
  imported(another, ...gone(2));
  assert.equal((await exportStep(another)).suppressedDeletes, 2);
});

test("deletes each day's leavers until they exceed the limit within 24 hours", async () => {
  const context = await company(40);
  imported(context, ...gone(6));
  assert.equal((await exportStep(context)).deleted, 6);
  imported(context, ...gone(4, 6));
  assert.equal((await exportStep(context)).deleted, 4);
  imported(context, ...gone(1, 10));
  assert.deepEqual(await exportStep(context).then(s => [s.deleted, s.suppressedDeletes]), [0, 1]);
});

test('deletes approved users, after a restart too, keeps those who came back, and holds later ones', async () => {
  const before = await company(30);
  imported(before, ...gone(12));
  await exportStep(before);
  const context = { ...before, store: connectorStore(before.store, before.store.name) };
  const { bulk } = context.store;
  const { digest, lines } = bulk.show(deletionsOf(context), new Date())!;
  assert.deepEqual(lines[0], { anchor: sourceAnchorOf(guidOf(0)), change: guidOf(0) });
  imported(context, person(3), ...gone(1, 20));
  assert.equal((await exportStep(context)).suppressedDeletes, 12);
  assert.equal(bulk.approve(digest).ceased, 1);
  assert.deepEqual(await exportStep(context).then(s => [s.deleted, s.suppressedDeletes]), [11, 1]);
  assert.ok(peer.users.has(sourceAnchorOf(guidOf(3))) && peer.users.has(sourceAnchorOf(guidOf(20))));
  assert.deepEqual(stillSigningIn(context, [guidOf(20)]), ['user20@corp.example.com']);
});

test('keeps the previous state of a user who waits to be deleted, but disables them at once, and once only', async () => {
  const context = await company(30);
  const filtered = (n: number, more = {}) => person(n, { adminDescription: 'User_left', ...more });
  imported(context, ...Array.from({ length: 11 }, (_, n) => filtered(n)));
  await exportStep(context);
  assert.equal(peer.users.get(sourceAnchorOf(guidOf(1)))!.object.accountEnabled, true);
  peer.requests.length = 0;
  imported(context, filtered(1, { userAccountControl: '514' }), filtered(2, { accountExpires: '1' }));
  const { upserted, suppressedDeletes } = await exportStep(context);
  assert.deepEqual([upserted, suppressedDeletes], [2, 11]);
  assert.equal(peer.users.get(sourceAnchorOf(guidOf(1)))!.object.accountEnabled, false);
  await exportStep(context);
  assert.equal(peer.requests.length, 1, 'it is said once');
  const held = context.store.bulk.held(deletionsOf(context)).map(({ change }) => change);
  assert.equal(stillSigningIn(context, held).length, 9);
  imported(context, person(1));
  await exportStep(context);
  assert.equal(peer.users.get(sourceAnchorOf(guidOf(1)))!.object.accountEnabled, true, 'back in scope');
});

test('sends a pending disabling although the deletion is held, and names the user until the tenant has it', async () => {
  const context = await company(30);
  const disabled = [1, 2].map(n => person(n, { userAccountControl: '514' }));
  imported(context, disabled[0]!);
  await exportStep(context);
  const busy = { verdict: 'retry', reason: 'later' } as const;
  peer.judge = ({ sourceAnchor }) => (sourceAnchor === sourceAnchorOf(guidOf(2)) ? busy : undefined);
  imported(context, disabled[1]!);
  await exportStep(context);
  const leavers = [person(0), ...disabled, ...people(9, 3)].map(object => ({ ...object, deleted: true }));
  imported(context, ...leavers);
  context.store.queue.remove('object', guidOf(2)); // as the import does at a change
  await exportStep(context);
  const named = () => stillSigningIn(context, [guidOf(1), guidOf(2)]);
  assert.deepEqual(named(), ['user2@corp.example.com']);
  peer.judge = () => undefined;
  context.store.queue.remove('object', guidOf(2));
  peer.requests.length = 0;
  assert.equal((await exportStep(context)).upserted, 1, 'only who is not disabled there yet');
  assert.equal(peer.users.get(sourceAnchorOf(guidOf(2)))!.object.accountEnabled, false);
  assert.deepEqual(named(), []);
  assert.equal((await exportStep(context)).upserted, 0);
});

test('does not count a deletion of a user unknown to the tenant', async () => {
  const context = await company(20, { deletionThreshold: 1 });
  peer.users.clear();
  imported(context, ...gone(1));
  await exportStep(context);
  assert.equal(context.store.bulk.went(deletionsOf(context), new Date()), 0);
});

test('exports the whole first import without a question, and later raises an alarm at too many new users', async () => {
  const context = await company(1_200);
  assert.deepEqual(alarms(context), []);
  imported(context, ...people(1_000, 2_000));
  assert.equal((await exportStep(context)).upserted, 1_000);
  assert.deepEqual(alarms(context), []);
  imported(context, ...people(1, 5_000));
  assert.equal((await exportStep(context)).upserted, 1);
  await exportStep(context);
  assert.match(
    alarms(context)
      .map(({ text }) => text)
      .join(),
    /^ALARM: 1001 new accounts of corp\.example\.com within 24 hours, more than 1000\. They are made all the same[^,]*$/,
  );
});

test('holds too many new users until their list is approved, if the configuration says so', async () => {
  const context = await company(10, { growth: 'hold' });
  imported(context, ...people(1_001, 100), person(1, { title: 'Clerk' }));
  const held = await exportStep(context);
  assert.deepEqual([held.upserted, held.suppressedCreations], [1, 1_001]);
  assert.match(alarms(context)[0]!.text, /causeway connect creations --connector 'corp\.example\.com'/);
  const { bulk } = context.store;
  bulk.approve(bulk.show(creationsOf(context), new Date())!.digest);
  const allowed = await exportStep(context);
  assert.deepEqual([allowed.upserted, allowed.suppressedCreations], [1_001, 0]);
});
