import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { verifyCloudCredential } from '@causeway/credentials';
import {
  generateSealingKey,
  generateSigningKey,
  openCredentialRecord,
  sealingPublicKey,
} from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { EVENTS } from '../store/events.ts';
import { believed, guidOf, imported, person, replicated, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { processUsers } from './process-users.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => peer.forget());

const single = (): never => {
  throw new Error('nobody is to be read again here');
};
const whole = { whole: true, single };
const credentialOf = (n: number) => peer.users.get(sourceAnchorOf(guidOf(n)))!.credential;

async function withPeople(count: number, settings = {}): Promise<ConnectorContext> {
  const context = testContext(peer, settings);
  imported(context, ...Array.from({ length: count }, (_, i) => person(i)));
  await exportStep(context);
  peer.requests.length = 0;
  return context;
}

test('sends a password as its cloud credential, in batches, and wipes the hash', async () => {
  const context = await withPeople(5, { passwordBatch: 2 });
  const users = [0, 1, 2, 3, 4].map(n => replicated(n, 9));
  assert.deepEqual(await processUsers(context, users, whole), { read: 5, sent: 5 });
  assert.equal(peer.requestsTo('/api/v1/sync/credentials').length, 3);
  const { cloudCredential, record } = credentialOf(4)!;
  assert.ok(await verifyCloudCredential(cloudCredential, new Uint8Array(16).fill(9)));
  assert.equal(record, null);
  for (const { ntHash, kerberosKeys } of users) {
    assert.ok(typeof ntHash !== 'string' && ntHash.every(byte => byte === 0));
    assert.ok(typeof kerberosKeys !== 'string' && kerberosKeys.keys[0]!.key.every(byte => byte === 0));
  }
  assert.equal(context.store.passwords.get(guidOf(4))!.status, 'Success');
});

test('acknowledges nothing of a batch without an answer, and sends it at the next reading', async () => {
  const context = await withPeople(2);
  await context.tenant.configuration(); // cached for a moment: the script below is for the batch
  for (let i = 0; i < 4; i++) peer.script.push('half a body');
  const users = [replicated(0, 9), replicated(1, 9)];
  await assert.rejects(processUsers(context, users, whole));
  assert.ok(users.every(({ ntHash }) => typeof ntHash !== 'string' && ntHash.every(byte => byte === 0)));
  assert.equal(context.store.passwords.get(guidOf(0)), undefined);
  assert.equal((await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole)).sent, 2);
  assert.equal((await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole)).sent, 0);
});

test('makes no record and owes nobody without a managed domain', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 9)], whole);
  assert.equal(credentialOf(0)!.record, null);
  assert.equal(context.store.owed.count(), 0);
});

test('seals nothing to an unconfirmed key, and records which users are owed', async () => {
  const context = await withPeople(1);
  const genuine = await generateSealingKey();
  const swapped = await generateSealingKey();
  const key = sealingPublicKey(genuine);
  peer.offerKey(key);
  await processUsers(context, [replicated(0, 9)], whole);
  assert.equal(credentialOf(0)!.record, null);
  assert.equal(context.store.owed.count(), 1);

  // A tenant that puts its own key under the confirmed fingerprint gains nothing.
  context.store.confirmations.confirmDomain(peer.confirmable(key));
  peer.offerKey({ ...sealingPublicKey(swapped), keyId: key.keyId, fingerprint: key.fingerprint });
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 10)], whole);
  assert.equal(credentialOf(0)!.record, null);

  // A tenant that puts its own receipt key beside the confirmed key changes the fingerprint.
  peer.offerKey(key, generateSigningKey().publicKey);
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 10)], whole);
  assert.equal(credentialOf(0)!.record, null);

  peer.offerKey(key);
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 10)], whole);
  const { record } = credentialOf(0)!;
  assert.ok(record !== null);
  assert.equal(context.store.owed.count(), 0);
  const verified = believed(context, record);
  assert.ok(verified.ok && verified.record.kind === 'credential');
  const opened = await openCredentialRecord(verified.record, genuine);
  assert.ok(opened.ok);
  const { ntHash, kerberosKeys } = opened;
  assert.ok(ntHash.every(byte => byte === 10) && kerberosKeys!.keys[0]!.key.every(byte => byte === 10));

  context.store.confirmations.withdrawDomain();
  await processUsers(context, [replicated(0, 11)], whole);
  assert.equal(credentialOf(0)!.record, null);
  assert.equal(context.store.owed.count(), 1);
});

test('exports a user whom the tenant lost again, then reads their password', async () => {
  const context = await withPeople(1);
  context.store.cursors.set('replication-cookie', '{}');
  peer.users.clear();
  await processUsers(context, [replicated(0, 9)], whole);
  assert.equal(context.store.passwords.get(guidOf(0))!.status, 'TargetNotExportedToDirectory');
  assert.equal((await exportStep(context)).upserted, 1);
  assert.equal(context.store.queue.due('password', 10).length, 1);
  context.store.queue.postpone('password', guidOf(0), context.store.clock.now()); // its next attempt is due
  assert.equal((await processUsers(context, [replicated(0, 9)], whole)).sent, 1);
  assert.equal(context.store.queue.count(false), 0);
});

test('quarantines a refused password, queues one to retry, and finishes the others', async () => {
  const context = await withPeople(3);
  const verdicts = [{ verdict: 'refused', code: 'invalid', reason: 'no' }, { verdict: 'retry' }] as const;
  peer.judge = change => verdicts[[0, 1].findIndex(n => change.sourceAnchor === sourceAnchorOf(guidOf(n)))];
  const done = await processUsers(
    context,
    [0, 1, 2].map(n => replicated(n, 9)),
    whole,
  );
  assert.equal(done.sent, 1);
  assert.equal(context.store.queue.get('password', guidOf(0))!.quarantined, true);
  assert.equal(context.store.queue.get('password', guidOf(1))!.quarantined, false);
  assert.equal(context.store.passwords.get(guidOf(1))!.status, 'RetryRequestedByTarget');
});

test('never sends an old password after a newer one', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 10)], whole);
  await processUsers(context, [replicated(0, 9)], { ...whole, fullPass: 1 });
  assert.equal(credentialOf(0)!.passwordOrder.version, 10);
  assert.equal(peer.requestsTo('/api/v1/sync/credentials').length, 1);
});

test('keeps hashes and keys out of everything stored or sent in the clear', async () => {
  const context = await withPeople(1);
  const key = sealingPublicKey(await generateSealingKey());
  peer.offerKey(key);
  context.store.confirmations.confirmDomain(peer.confirmable(key));
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 0xa7)], whole);
  const stored = ['password_state', 'connector_space', 'retry_queue', 'event', 'cursor', 'pairing']
    .map(name => JSON.stringify(context.store.db.all(`SELECT * FROM ${name}`)))
    .join();
  const secret = Buffer.alloc(16, 0xa7);
  for (const text of [stored, peer.requests.map(request => request.body).join()]) {
    for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const)
      assert.ok(!text.toLowerCase().includes(secret.toString(encoding).replace(/=+$/, '').toLowerCase()));
  }
});

test('skips only the password that no record can hold, and wipes it with the others', async () => {
  const context = await withPeople(2);
  const key = sealingPublicKey(await generateSealingKey());
  context.store.confirmations.confirmDomain(peer.confirmable(key));
  peer.offerKey(key);
  await context.tenant.configuration(true);
  const keys = Array.from({ length: 32 }, () => ({ enctype: 18, key: new Uint8Array(256).fill(9) }));
  const tooMuch = replicated(0, 9, { kerberosKeys: { salt: 's', iterations: 4096, keys } });
  assert.equal((await processUsers(context, [tooMuch, replicated(1, 9)], whole)).sent, 1);
  assert.ok(credentialOf(1)!.record !== null);
  assert.equal(credentialOf(0), undefined);
  const entry = context.store.queue.get('password', guidOf(0))!;
  assert.ok(entry.quarantined && /4096 bytes/.test(entry.reason));
  assert.ok(keys.every(({ key }) => key.every(byte => byte === 0)));
});

test('explains a hash sent without keys in the status, and once in an event', async () => {
  const context = await withPeople(2);
  const { store } = context;
  const keysProblem = 'supplementalCredentials.Length: 4 expected, got 5';
  const alone = (version: number) => replicated(0, version, { kerberosKeys: 'none', keysProblem });
  const old = replicated(1, 9, { kerberosKeys: 'none' });
  assert.equal((await processUsers(context, [alone(9), old], whole)).sent, 2);
  assert.equal((await processUsers(context, [alone(10)], whole)).sent, 1);
  const { status, detail } = store.passwords.get(guidOf(0))!;
  assert.equal(status, 'MissingAttribute');
  assert.match(
    detail!,
    /^sent without Kerberos keys, .*: supplementalCredentials\.Length: 4 expected, got 5$/,
  );
  const warnings = store.events.last(10).filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warnings.map(({ eventId, text }) => [eventId, text]),
    [[EVENTS.sentWithoutKeys.id, `password of '${person(0).dn}' is ${detail}`]],
  );
  await processUsers(context, [replicated(0, 11)], whole);
  assert.equal(store.passwords.get(guidOf(0))!.status, 'Success');
});

test("keeps the tenant's reason for an item short and on one line", async () => {
  const context = await withPeople(1);
  peer.judge = () => ({ verdict: 'refused', code: 'invalid', reason: `\u001b[2J${'x\n'.repeat(100_000)}` });
  await processUsers(context, [replicated(0, 9)], whole);
  const { reason } = context.store.queue.get('password', guidOf(0))!;
  assert.ok(reason.length <= 500 && !/\p{Cc}/u.test(reason));
});
