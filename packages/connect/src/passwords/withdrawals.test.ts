import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ACCEPTED_RECORDS } from '@causeway/contract';
import { ntHash } from '@causeway/credentials';
import { generateSealingKey, sealingPublicKey } from '@causeway/records';
import { Scope } from '../configuration.ts';
import type { ConnectorContext } from '../context.ts';
import { exportStep } from '../objects/export-step.ts';
import { holdWithdrawals } from '../objects/hold-withdrawals.ts';
import { importedAttributes, noteImported } from '../objects/imported-attributes.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { noteReads } from '../pairing/signed-reads.ts';
import { believed, guidOf, imported, person, replicated, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { processUsers } from './process-users.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => {
  peer.forget();
  peer.accepts = ACCEPTED_RECORDS;
});

const whole = {
  whole: true,
  single: (): never => {
    throw new Error('nobody is to be read again here');
  },
};
const credentialOf = (n: number) => peer.users.get(sourceAnchorOf(guidOf(n)))!.credential;

async function withPeople(count: number, settings = {}): Promise<ConnectorContext> {
  const context = testContext(peer, settings);
  imported(context, ...Array.from({ length: count }, (_, i) => person(i)));
  await exportStep(context);
  return context;
}

const temporary = (n: number, version: number) => replicated(n, version, { pwdLastSet: 0n });
const withdrawalOf = (context: ConnectorContext, n: number) => {
  const { withdrawal } = peer.users.get(sourceAnchorOf(guidOf(n)))!;
  if (withdrawal === undefined) return undefined;
  const verified = believed(context, withdrawal);
  assert.ok(verified.ok && verified.record.kind === 'withdrawal');
  return verified.record;
};

test('withdraws the password before a temporary one, unpaired too, and sends the one that the user then chose', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 9)], whole);
  const sent = credentialOf(0)!.sequence!;
  assert.equal((await processUsers(context, [temporary(0, 10)], whole)).sent, 1);
  const { reason, passwordOrder, sequence } = withdrawalOf(context, 0)!;
  assert.deepEqual([reason, passwordOrder.version], ['must-change', 10]);
  assert.ok(sequence > sent, 'a password without a record has a sequence of the same counter');
  assert.equal(credentialOf(0), undefined);
  const waiting = context.store.passwords.get(guidOf(0))!;
  assert.ok(waiting.mustChange);
  assert.match(waiting.detail!, /must change password at next logon/);
  assert.deepEqual(
    [context.store.passwords.countAcknowledged(), context.store.passwords.countMustChange()],
    [0, 1],
  );
  await processUsers(context, [temporary(0, 10)], whole);
  assert.equal(peer.requestsTo('/api/v1/sync/withdrawals').length, 1);
  await processUsers(context, [replicated(0, 10)], whole);
  assert.equal(context.store.passwords.countMustChange(), 0);
  assert.ok(credentialOf(0)!.sequence! > sequence);
  assert.equal(credentialOf(0)!.passwordOrder.version, 10);
  assert.equal(context.store.passwords.get(guidOf(0))!.status, 'Success');
});

test('withdraws nothing because of the flag alone, and notes that the password still opens the cloud', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 9)], whole);
  await processUsers(context, [temporary(0, 9)], whole);
  assert.ok(credentialOf(0) && withdrawalOf(context, 0) === undefined);
  assert.match(context.store.passwords.get(guidOf(0))!.detail!, /must change .* still opens the cloud/);
  await processUsers(context, [replicated(0, 9)], whole);
  assert.equal(context.store.passwords.get(guidOf(0))!.mustChange, false);
});

test('sends a withdrawal again in a forced pass, once, and no password', async () => {
  const context = await withPeople(2);
  await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole);
  await processUsers(context, [temporary(0, 10)], whole);
  const { sequence } = withdrawalOf(context, 0)!;
  const pass = { ...whole, fullPass: 7 };
  assert.equal((await processUsers(context, [temporary(0, 10), replicated(1, 9)], pass)).sent, 2);
  assert.equal((await processUsers(context, [temporary(0, 10), replicated(1, 9)], pass)).sent, 0);
  assert.ok(withdrawalOf(context, 0)!.sequence > sequence);
  assert.equal(context.store.passwords.countOfPass(7), 2);
});

test('owes nothing to a user whose password was withdrawn, and does not bring it back at a later pairing', async () => {
  const context = await withPeople(1);
  const sealing = await generateSealingKey();
  const key = sealingPublicKey(sealing);
  peer.offerKey(key);
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 9)], whole);
  assert.equal(context.store.owed.count(), 1);
  await processUsers(context, [temporary(0, 10)], whole);
  assert.equal(context.store.owed.count(), 0);
  const { sequence } = withdrawalOf(context, 0)!;
  assert.equal(context.store.heads.summary().credentials, 1, 'it counts in the head');

  context.store.confirmations.confirmDomain(peer.confirmable(key));
  await processUsers(context, [temporary(0, 10)], { ...whole, fullPass: 7 });
  assert.equal(credentialOf(0), undefined);
  await processUsers(context, [replicated(0, 10)], whole);
  const { record } = credentialOf(0)!;
  const verified = believed(context, record!);
  assert.ok(verified.ok && verified.record.kind === 'credential' && verified.record.sequence > sequence);
});

test('seals the password of a user who had the flag during a pairing, once the flag is cleared', async () => {
  const context = await withPeople(1);
  const key = sealingPublicKey(await generateSealingKey());
  peer.offerKey(key);
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 9)], whole);
  await processUsers(context, [temporary(0, 9)], whole);
  context.store.confirmations.confirmDomain(peer.confirmable(key));
  await processUsers(context, [replicated(0, 9)], whole);
  assert.ok(credentialOf(0)!.record !== null);
});

test('keeps the password before a temporary one if configured so', async () => {
  const context = await withPeople(1, { temporaryPasswords: 'keep' });
  await processUsers(context, [replicated(0, 9)], whole);
  await processUsers(context, [temporary(0, 10)], whole);
  assert.equal(credentialOf(0)!.passwordOrder.version, 9);
  assert.match(context.store.passwords.get(guidOf(0))!.detail!, /must change .* keep/);
});

test('withdraws an empty password and one of a smart card account, and names the reason in status', async () => {
  const context = await withPeople(2);
  await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole);
  imported(context, person(1, { userAccountControl: String(0x40200) }));
  const empty = replicated(0, 10, { ntHash: ntHash('') });
  assert.equal((await processUsers(context, [empty, replicated(1, 9)], whole)).sent, 2);
  assert.equal(withdrawalOf(context, 0)!.reason, 'empty-password');
  assert.equal(withdrawalOf(context, 1)!.reason, 'smart-card');
  assert.match(context.store.passwords.get(guidOf(0))!.detail!, /empty password/);
  assert.match(context.store.passwords.get(guidOf(1))!.detail!, /smart card only/);
  imported(context, person(1));
  await processUsers(context, [replicated(1, 9)], whole);
  assert.equal(credentialOf(1)!.passwordOrder.version, 9);
});

test('sends a tenant of the first release what it knows, and reports that the old password still opens the cloud', async () => {
  const context = await withPeople(1);
  peer.accepts = undefined;
  await context.tenant.configuration(true);
  await processUsers(context, [replicated(0, 9)], whole);
  assert.deepEqual(Object.keys(credentialOf(0)!).sort(), [
    ...['changeDate', 'cloudCredential', 'passwordOrder', 'record', 'sourceAnchor'],
  ]);
  await processUsers(context, [temporary(0, 10)], whole);
  assert.equal(peer.requestsTo('/api/v1/sync/withdrawals').length, 0);
  const entry = context.store.queue.get('password', guidOf(0))!;
  assert.deepEqual([entry.code, entry.quarantined], ['tenant-too-old', true]);
  assert.match(context.store.passwords.get(guidOf(0))!.detail!, /must change .* still opens the cloud/);
  peer.accepts = ACCEPTED_RECORDS;
  await context.tenant.configuration(true);
  await processUsers(context, [temporary(0, 10)], whole);
  assert.equal(withdrawalOf(context, 0)!.reason, 'must-change');
  assert.equal(context.store.queue.get('password', guidOf(0)), undefined);
});

for (const [what, before, after] of [
  ['leaves the scope of passwords', undefined, 'PHSFiltered'],
  ['enters the scope of passwords', 'PHSFiltered', undefined],
] as const)
  test(`gives a user who ${what} while something else of theirs is in flight a turn of their own`, async () => {
    const filtered = (adminDescription: string | undefined) =>
      person(0, adminDescription === undefined ? {} : { adminDescription });
    const context = testContext(peer);
    const scope = Scope.parse({ passwords: { condition: '(!(adminDescription=PHSFiltered))' } });
    const scoped = { ...context, connector: { ...context.connector, scope } };
    noteImported(scoped.store, importedAttributes(scoped));
    imported(scoped, filtered(before));
    await exportStep(scoped);
    peer.hold = path => {
      if (!/credentials|withdrawals/.test(path)) return undefined;
      imported(scoped, filtered(after));
      holdWithdrawals(scoped);
      return undefined;
    };
    await processUsers(scoped, [replicated(0, 9)], { ...whole, fullPass: 1 });
    peer.hold = () => undefined;
    assert.equal(context.store.queue.due('password', 10).length, 1);
    context.store.queue.postpone('password', guidOf(0), context.store.clock.now()); // its next attempt is due
    await processUsers(scoped, [replicated(0, 9)], whole);
    assert.equal(credentialOf(0)?.passwordOrder.version, after === undefined ? 9 : undefined);
    assert.equal(context.store.queue.get('password', guidOf(0)), undefined);
  });

test('does not acknowledge a withdrawal without an answer, and sends it at the next reading', async () => {
  const context = await withPeople(1);
  await processUsers(context, [replicated(0, 9)], whole);
  for (let i = 0; i < 4; i++) peer.script.push('done but lost');
  await assert.rejects(processUsers(context, [temporary(0, 10)], whole));
  assert.equal(context.store.passwords.get(guidOf(0))!.mustChange, false);
  assert.equal((await processUsers(context, [temporary(0, 10)], whole)).sent, 1);
});

test('loses only the withdrawal at a tenant without withdrawals if the managed domain signed that it reads them', async t => {
  const context = await withPeople(2);
  await processUsers(context, [replicated(0, 9), replicated(1, 9)], whole);
  context.store.confirmations.confirmDomain(peer.confirmable(sealingPublicKey(await generateSealingKey())));
  noteReads(context.store, peer.receiptKey.publicKey.publicKey, ['withdrawal-1']);
  peer.accepts = undefined;
  peer.misbehave = path => (path.endsWith('/withdrawals') ? { status: 404 } : undefined);
  t.after(() => {
    peer.misbehave = () => undefined;
  });
  await context.tenant.configuration(true);
  assert.equal((await processUsers(context, [temporary(0, 10), replicated(1, 10)], whole)).sent, 1);
  const entry = context.store.queue.get('password', guidOf(0))!;
  assert.match(entry.reason, /signed that it reads withdrawals, and the tenant takes none/);
  assert.equal(credentialOf(1)!.passwordOrder.version, 10);
});
