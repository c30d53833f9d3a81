import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { ObjectChange } from '@causeway/contract';
import { eventually } from '@causeway/service/testing';
import { connectorStore } from '../store/store.ts';
import { believed, guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { exportStep, requestsOf } from './export-step.ts';
import { sourceAnchorOf } from './source-anchor.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => peer.forget());

const people = (count: number) => Array.from({ length: count }, (_, i) => person(i));

test('makes the source anchor from the 16 bytes of objectGUID in wire order, as base64', () => {
  assert.equal(sourceAnchorOf('00112233-4455-6677-8899-aabbccddeeff'), 'MyIRAFVEd2aImaq7zN3u/w==');
});

test('exports each user in scope once, in batches, with a record signed for this forest', async () => {
  const context = testContext(peer, { objectBatch: 2 });
  imported(context, ...people(5), person(9, { adminDescription: 'User_1' }));
  assert.equal((await exportStep(context)).upserted, 5);
  assert.equal(peer.users.size, 5);
  assert.equal(peer.requests.length, 3);
  const { record, sequence } = peer.users.get(sourceAnchorOf(guidOf(3)))!.object;
  const verified = believed(context, record);
  assert.ok(verified.ok);
  assert.equal(sequence, verified.record.sequence);
  peer.requests.length = 0;
  assert.equal((await exportStep(context)).upserted, 0);
  assert.equal(peer.requests.length, 0);
});

test('signs the next batch while one is at the tenant, and sends it after the acknowledgement', async t => {
  const context = testContext(peer, { objectBatch: 2 });
  const { space } = context.store;
  imported(context, ...people(5));
  const looks = t.mock.method(space, 'pending');
  const upserts = () => looks.mock.calls.filter(call => call.arguments[0] === 'upsert').length;
  const acknowledged: number[] = [];
  peer.hold = async () => {
    const batch = acknowledged.push(space.countExported());
    await eventually('the next batch is looked for', () => upserts() > batch);
  };
  t.after(() => {
    peer.hold = () => undefined;
  });
  assert.equal((await exportStep(context)).upserted, 5);
  assert.deepEqual(acknowledged, [0, 2, 4]);
});

test('asks again for a lost answer and repeats nothing that was done', async () => {
  const context = testContext(peer);
  imported(context, ...people(3));
  for (let i = 0; i < 4; i++) peer.script.push('done but lost');
  await assert.rejects(exportStep(context));
  assert.equal(context.store.space.countPending('upsert'), 3);
  assert.equal((await exportStep(context)).upserted, 3);
  assert.equal(peer.users.size, 3);
});

test('quarantines a refused user with its reason, exports the others, and retries after a change', async () => {
  const context = testContext(peer);
  const taken = { verdict: 'refused', code: 'attribute-value-must-be-unique', reason: 'taken' } as const;
  peer.judge = change => (change.sourceAnchor === sourceAnchorOf(guidOf(1)) ? taken : undefined);
  imported(context, ...people(3));
  const summary = await exportStep(context);
  assert.deepEqual([summary.upserted, summary.refused], [2, 1]);
  const entry = context.store.queue.get('object', guidOf(1))!;
  assert.deepEqual([entry.quarantined, entry.code, entry.reason], [true, taken.code, 'taken']);
  assert.equal((await exportStep(context)).refused, 0); // waits for its next attempt
  peer.judge = () => undefined;
  imported(context, person(1, { title: 'Clerk' }));
  context.store.queue.remove('object', guidOf(1)); // as the import does at a change
  assert.equal((await exportStep(context)).upserted, 1);
  assert.equal(context.store.queue.count(true), 0);
});

test('retries a user who waits for a name as soon as another user was changed', async () => {
  const context = testContext(peer);
  const taken = { verdict: 'refused', code: 'attribute-value-must-be-unique', reason: 'taken' } as const;
  peer.judge = change => (change.sourceAnchor === sourceAnchorOf(guidOf(0)) ? taken : undefined);
  imported(context, ...people(2));
  await exportStep(context);
  assert.equal(context.store.queue.hasDue(), false);
  peer.judge = () => undefined;
  imported(context, person(1, { userPrincipalName: 'other@corp.example.com' }));
  await exportStep(context);
  assert.ok(context.store.queue.hasDue());
  assert.equal((await exportStep(context)).upserted, 1);
  assert.equal(context.store.queue.count(true), 0);
});

test('retries a user who waits for a name that another forest released', async () => {
  const context = testContext(peer);
  const other = { ...context, store: connectorStore(context.store, 'fabrikam.example.org') };
  const taken = { verdict: 'refused', code: 'attribute-value-must-be-unique', reason: 'taken' } as const;
  peer.judge = change => (change.sourceAnchor === sourceAnchorOf(guidOf(0)) ? taken : undefined);
  imported(context, person(1));
  imported(other, person(0));
  await exportStep(context);
  await exportStep(other);
  assert.equal(other.store.queue.hasDue(), false);
  imported(context, person(1, { userPrincipalName: 'other@corp.example.com' }));
  await exportStep(context);
  assert.ok(other.store.queue.hasDue('object'));
  assert.equal(other.store.queue.hasDue('password'), false);
});

test('signs true names of any form, and none if no record can hold them', async () => {
  peer.accepts = ['account-3'];
  const context = testContext(peer);
  const disabled = { userAccountControl: '514' };
  imported(
    context,
    person(1, { ...disabled, userPrincipalName: 'LEFT a@corp.example.com' }),
    person(2, {
      ...disabled,
      userPrincipalName: 'a\u0007@corp.example.com',
      sAMAccountName: 'x'.repeat(300),
    }),
    person(3, { ...disabled, displayName: '\ud800', objectSid: 'S-1-281474976710656-1' }),
  );
  assert.equal((await exportStep(context)).upserted, 3);
  const said = [1, 2, 3].map(number => {
    const { object } = peer.users.get(sourceAnchorOf(guidOf(number)))!;
    const verified = believed(context, object.record);
    assert.ok(verified.ok && verified.record.kind === 'account');
    const { userPrincipalName, sAMAccountName, enabled } = verified.record;
    assert.equal(object.userPrincipalName, userPrincipalName);
    return { userPrincipalName, sAMAccountName, enabled };
  });
  assert.deepEqual(said, [
    { userPrincipalName: 'LEFT a@corp.example.com', sAMAccountName: 'user1', enabled: false },
    { userPrincipalName: null, sAMAccountName: null, enabled: false },
    { userPrincipalName: 'user3@corp.example.com', sAMAccountName: 'user3', enabled: false },
  ]);
});

test('sends no nameless record to a tenant that has not announced it, and gives status the reason', async () => {
  const context = testContext(peer);
  imported(context, person(1, { userPrincipalName: '\u0007@corp.example.com' }), person(2));
  const summary = await exportStep(context);
  assert.deepEqual([summary.upserted, summary.refused], [1, 1]);
  assert.match(context.store.queue.get('object', guidOf(1))!.reason, /update it/);
});

test('exports a user accepted without the name, who waits for it and gets it once it is free', async () => {
  const context = testContext(peer);
  const nameless = { verdict: 'applied', code: 'attribute-value-must-be-unique', reason: 'taken' } as const;
  peer.judge = change => (change.sourceAnchor === sourceAnchorOf(guidOf(0)) ? nameless : undefined);
  imported(context, ...people(2));
  await exportStep(context);
  assert.ok(context.store.holders.get(guidOf(0))!.exported, 'the password follows');
  const entry = context.store.queue.get('object', guidOf(0))!;
  assert.deepEqual([entry.quarantined, entry.code, entry.reason], [true, nameless.code, 'taken']);
  peer.requests.length = 0;
  await exportStep(context);
  assert.equal(peer.requestsTo('/api/v1/sync/objects').length, 0, 'not before its time');
  imported(context, person(0, { userAccountControl: '514' }));
  context.store.queue.remove('object', guidOf(0)); // as the import does at a change
  await exportStep(context);
  assert.equal(peer.requestsTo('/api/v1/sync/objects').length, 1, 'a disabling waits for no name');
  peer.judge = () => undefined;
  imported(context, person(1, { userPrincipalName: 'other@corp.example.com' }));
  await exportStep(context);
  assert.equal((await exportStep(context)).upserted, 1);
  assert.equal(context.store.queue.count(true), 0);
});

test('deletes a user who leaves the scope in the tenant, and returns them with their password', async () => {
  const context = testContext(peer);
  context.store.cursors.set('replication-cookie', '{}'); // the first password cycle has ended
  imported(context, person(1));
  await exportStep(context);
  imported(context, person(1, { adminDescription: 'User_1' }));
  assert.equal((await exportStep(context)).deleted, 1);
  assert.equal(context.store.queue.count(false), 0);
  imported(context, person(1));
  assert.equal((await exportStep(context)).upserted, 1);
  assert.equal(context.store.queue.due('password', 10).length, 1);
});

test('sends deletions before upserts, so that a name can pass to another user in one export', async () => {
  const context = testContext(peer);
  imported(context, person(1));
  await exportStep(context);
  peer.requests.length = 0;
  imported(
    context,
    { ...person(1), deleted: true },
    person(2, { userPrincipalName: 'user1@corp.example.com' }),
  );
  await exportStep(context);
  assert.match(peer.requests[0]!.body, /"delete"/);
  assert.match(peer.requests[1]!.body, /"upsert"/);
});

test('removes an entry of the retry queue with its object', async () => {
  const context = testContext(peer);
  peer.judge = () => ({ verdict: 'refused', code: 'invalid', reason: 'no' });
  imported(context, person(1));
  await exportStep(context);
  assert.equal(context.store.queue.count(true), 1);
  context.store.space.markUnseenDeleted(2);
  await exportStep(context);
  assert.equal(context.store.queue.count(true), 0);
  assert.equal(context.store.space.get(guidOf(1)), undefined);
});

test('splits a batch with the longest profiles into several requests', () => {
  const item = (length: number) => ({ change: { text: 'x'.repeat(length) } as unknown as ObjectChange });
  const sizes = (...items: ReturnType<typeof item>[]) => requestsOf(items).map(({ length }) => length);
  const mega = 1024 * 1024;
  assert.deepEqual(sizes(), []);
  assert.deepEqual(sizes(item(10), item(20)), [2]);
  assert.deepEqual(sizes(item(3 * mega), item(3 * mega), item(10), item(5 * mega)), [1, 2, 1]);
});
