import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ACCEPTED_RECORDS } from '@causeway/contract';
import { generateSealingKey, peekRecord, recordName, sealingPublicKey } from '@causeway/records';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../context.ts';
import { DomainController } from '../domain-controller/domain-controller.ts';
import { noteRestore } from '../domain-controller/note-restore.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { noteReads } from '../pairing/signed-reads.ts';
import { processUsers } from '../passwords/process-users.ts';
import { believed, guidOf, imported, person, replicated, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { acceptRestore, restoreState } from './restore.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => {
  peer.forget();
  peer.accepts = ACCEPTED_RECORDS;
});

const single = (): never => {
  throw new Error('nobody is to be read again here');
};
const whole = { whole: true, single };
const userOf = (n: number) => peer.users.get(sourceAnchorOf(guidOf(n)))!;
const temporary = (n: number, version: number) => replicated(n, version, { pwdLastSet: 0n });
const state = (context: ConnectorContext) => restoreState(context, context.connector);
const accept = (context: ConnectorContext) =>
  acceptRestore(context, new DomainController(context), {
    server: context.connector.server,
    caller: 'an administrator',
  });

async function withPeople(count: number, clock?: HandClock): Promise<ConnectorContext> {
  const context = testContext(peer, {}, clock);
  imported(context, ...Array.from({ length: count }, (_, i) => person(i)));
  await exportStep(context);
  return context;
}

/** Offers a managed domain, and confirms its key. */
async function pair(context: ConnectorContext): Promise<void> {
  const key = sealingPublicKey(await generateSealingKey());
  peer.offerKey(key);
  await context.tenant.configuration(true);
  context.store.confirmations.confirmDomain(peer.confirmable(key));
}

test('holds older passwords of a restored forest until the administrator accepts it, then sends them once in a new epoch', async () => {
  const context = await withPeople(2);
  peer.domainAccepts = ACCEPTED_RECORDS;
  await pair(context);
  await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole);
  assert.equal(recordName(userOf(0).credential!.record!), 'credential-2');
  await processUsers(context, [replicated(0, 5), replicated(1, 9)], whole);
  assert.equal(userOf(0).order!.version, 9);
  const waits = state(context)!;
  assert.deepEqual([waits.olderPasswords, waits.older, waits.since], [1, [person(0).dn], null]);

  await accept(context);
  assert.equal(state(context), undefined);
  assert.ok(context.store.passes.open(), 'everybody is sent once more');
  const done = await processUsers(context, [replicated(0, 5), replicated(1, 9)], whole);
  assert.equal(done.sent, 2);
  const { epoch } = context.store.restores;
  for (const [n, version] of [
    [0, 5],
    [1, 9],
  ] as const) {
    const { order, credential } = userOf(n);
    assert.deepEqual([order!.epoch, order!.version], [epoch, version]);
    assert.equal(recordName(credential!.record!), 'credential-3');
    const verified = believed(context, credential!.record!);
    assert.ok(verified.ok && verified.record.kind === 'credential');
    assert.deepEqual(verified.record.passwordOrder, order);
    assert.ok(verified.record.sequence > epoch, 'the epoch is of the same counter');
  }
  assert.equal((await processUsers(context, [replicated(0, 5)], whole)).sent, 0, 'once');
});

test('after the restore, a reset to a temporary password withdraws in the new epoch, and the flag alone does not', async () => {
  const context = await withPeople(2);
  await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole);
  await processUsers(context, [replicated(0, 5)], whole);
  await accept(context);
  await processUsers(context, [temporary(0, 6), temporary(1, 9)], whole);
  const { epoch } = context.store.restores;
  const withdrawal = userOf(0).withdrawal!;
  assert.equal(recordName(withdrawal), 'withdrawal-2');
  assert.deepEqual([userOf(0).credential, peekRecord(withdrawal)!.passwordOrder!.epoch], [undefined, epoch]);
  assert.ok(userOf(1).credential, 'it is no other password than before');
});

test('a held password needs no approval any more once the domain controller has the newer one after all', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 9)], whole);
  await processUsers(context, [replicated(0, 5)], whole);
  assert.equal(state(context)?.olderPasswords, 1);
  await processUsers(context, [replicated(0, 9)], whole);
  assert.equal(state(context), undefined);
  await assert.rejects(accept(context), { code: 'nothing-to-accept' });
});

test('a tenant that calls every password older never raises the epoch, whatever epoch it claims', async () => {
  const context = await withPeople(2);
  peer.judge = () => ({ verdict: 'refused', code: 'older-password-order', reason: 'epoch 9007199254740991' });
  await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole);
  assert.deepEqual([context.store.restores.epoch, state(context)?.olderPasswords], [0, 2]);
  peer.judge = () => undefined;
  userOf(0).order = { ...replicated(0, 9).passwordOrder!, epoch: Number.MAX_SAFE_INTEGER };
  await processUsers(context, [replicated(0, 9), replicated(1, 9)], { ...whole, fullPass: 1 });
  assert.equal(context.store.restores.epoch, 0);
  assert.equal(userOf(1).order!.epoch, undefined, 'what is sent after the lie has no epoch');
  // A domain controller that lags still cannot bring in an older password.
  await processUsers(context, [replicated(1, 4)], whole);
  assert.equal(userOf(1).order!.version, 9);
});

test('a Connect that lost its state after the restore needs a second approval, and uses a higher epoch than ever before', async () => {
  const clock = new HandClock();
  const before = await withPeople(1, clock);
  await processUsers(before, [replicated(0, 9)], whole);
  await processUsers(before, [replicated(0, 5)], whole);
  await accept(before);
  await processUsers(before, [replicated(0, 5)], whole);
  clock.set(clock.now() + 60_000);
  const emptied = await withPeople(1, clock);
  await processUsers(emptied, [replicated(0, 6)], whole);
  assert.equal(userOf(0).order!.version, 5, 'the tenant has an order of a later epoch');
  assert.match(emptied.store.passwords.get(guidOf(0))!.detail!, /causeway connect accept-restore/);
  await accept(emptied);
  await processUsers(emptied, [replicated(0, 6)], whole);
  assert.deepEqual([userOf(0).order!.version, userOf(0).order!.epoch], [6, emptied.store.restores.epoch]);
  assert.ok(emptied.store.restores.epoch > before.store.restores.epoch);
});

test('names a tenant or managed domain of an older release, and changes nothing', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 9)], whole);
  await processUsers(context, [replicated(0, 5)], whole);
  peer.accepts = ['account-3', 'withdrawal-1'];
  await assert.rejects(accept(context), { code: 'tenant-too-old', todo: /Update the tenant/ });
  peer.accepts = ACCEPTED_RECORDS;
  peer.domainAccepts = ['account-3', 'withdrawal-1'];
  await pair(context);
  await assert.rejects(accept(context), { code: 'domain-too-old', todo: /Update Domain Services/ });
  assert.deepEqual([context.store.restores.epoch, state(context)?.olderPasswords], [0, 1]);
  noteReads(context.store, peer.receiptKey.publicKey.publicKey, [...ACCEPTED_RECORDS]);
  await accept(context);
  assert.notEqual(context.store.restores.epoch, 0, 'what the managed domain signed counts');
});

test('queues passwords of a restored forest while the tenant is of an older release', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 9)], whole);
  context.store.restores.raise(7);
  peer.accepts = ['account-3', 'withdrawal-1'];
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 5)], whole);
  assert.equal(context.store.queue.get('password', guidOf(0))?.code, 'tenant-too-old');
  await processUsers(context, [temporary(0, 6)], whole);
  assert.equal(userOf(0).withdrawal, undefined);
  peer.accepts = ACCEPTED_RECORDS;
  await context.tenant.configuration(true);
  await processUsers(context, [temporary(0, 6)], whole);
  assert.equal(recordName(userOf(0).withdrawal!), 'withdrawal-2');
});

test('rejects a domain controller other than the one that the administrator was shown', async () => {
  const context = await withPeople(1);
  noteRestore(context, 100n, 'a');
  noteRestore(context, 90n, 'a');
  const controller = new DomainController(context);
  const shown = { server: '127.0.0.9', caller: 'an administrator' };
  await assert.rejects(acceptRestore(context, controller, shown), { code: 'other-domain-controller' });
  assert.match(state(context)!.reason!, /went back from 100 to 90/);
});

test('accepting a restore begins a new pass although another one runs', async () => {
  const context = await withPeople(1);
  context.store.passes.request();
  const { id } = context.store.passes.open()!;
  context.store.passes.start(id, 0);
  await processUsers(context, [replicated(0, 9)], { ...whole, fullPass: id });
  await processUsers(context, [replicated(0, 5)], whole);
  await accept(context);
  assert.notEqual(context.store.passes.open()!.id, id);
});
