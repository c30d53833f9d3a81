import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import {
  bucketOf,
  generateSealingKey,
  generateSigningKey,
  peekHead,
  type ReceiptFields,
  type SigningKey,
  sealingPublicKey,
  signReceipt,
  verifyHead,
} from '@causeway/records';
import { timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../context.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { signedReads } from '../pairing/signed-reads.ts';
import { confirmKey } from '../store/pairing.ts';
import { FOREST, guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { arrivalOf } from './arrival.ts';
import { HeadService } from './head-service.ts';
import { knowsForest, lastCycles, makeHead } from './make-head.ts';
import { takeReceipt } from './take-receipt.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
const sealing = sealingPublicKey(await generateSealingKey());
const COUNT = 40;
const anchorOf = (n: number): string => sourceAnchorOf(guidOf(n));
const ORDER = { version: 1, originatingTime: 1, originatingInvocationId: guidOf(0xabc) };
let context: ConnectorContext;
let clock: HandClock;

function acknowledge(n: number, account: number, credential: number | undefined): void {
  const { store } = context;
  store.space.acknowledgeExport(guidOf(n), store.space.get(guidOf(n))!.desiredDigest, account);
  const key = {
    recipientKeyId: sealing.keyId,
    recordSequence: credential,
    detail: undefined,
    fullPass: undefined,
  };
  store.passwords.acknowledge(guidOf(n), { order: ORDER, status: 'Success', ...key });
}

beforeEach(() => {
  clock = new HandClock();
  context = testContext(peer, {}, clock);
  imported(context, ...Array.from({ length: COUNT }, (_, n) => person(n)));
  for (let n = 0; n < COUNT; n++) acknowledge(n, 1000 + n, 2000 + n);
  context.store.cursors.set('last-password-cycle-at', timestamp(clock));
  confirmKey(context.store.db, peer.confirmable(sealing));
  peer.receipts.clear();
  peer.accepts = undefined;
  peer.domainAccepts = undefined;
});

/** The managed domain's receipt: agrees with everything that was acknowledged, but for `changes`. */
function receipt(changes: Partial<ReceiptFields> = {}, key: SigningKey = peer.receiptKey): string {
  const time = timestamp(clock);
  return signReceipt(key, {
    ...{ tenant: context.agent.tenantId, forest: FOREST, sequence: clock.now() * 1000 + ++made, time },
    ...{ headSequence: clock.now() * 1000, headTime: time, completeAsOf: time, alarmSince: null },
    ...{ accounts: COUNT, credentials: COUNT, differing: [], listed: 0, entries: [], notWritten: [] },
    ...changes,
  });
}
let made = 0;

/** A service that has read everything since its start. */
function startedService(): HeadService {
  const service = new HeadService(context, { automatic: true });
  clock.pass(1);
  for (const cycle of ['last-object-cycle-at', 'last-password-cycle-at'] as const)
    context.store.cursors.set(cycle, timestamp(clock));
  return service;
}

/** What the managed domain has in the bucket of a user, as `change` leaves it. */
function bucket(n: number, change: (entry: [string, number, number]) => [string, number, number] | null) {
  const number = bucketOf(anchorOf(n));
  const entries = context.store.heads
    .entries(number)
    .flatMap(({ anchor, accountSequence, credentialSequence }) => {
      const entry: [string, number, number] = [anchor, accountSequence, credentialSequence];
      const changed = anchor === anchorOf(n) ? change(entry) : entry;
      return changed ? [changed] : [];
    });
  return { differing: [number], listed: 1, entries };
}

const arrival = () => arrivalOf(context, clock.now());

test('a head says what was acknowledged, and every acknowledgement changes its bucket alone', () => {
  const heads = context.store.heads;
  const { agent } = context;
  const signer = { publicKey: agent.publicKey.publicKey, forests: new Set([FOREST]) };
  const verified = verifyHead(makeHead(context)!, () => signer, { tenant: agent.tenantId });
  assert.ok(verified.ok);
  assert.deepEqual([verified.head.accounts, verified.head.credentials], [COUNT, COUNT]);
  assert.ok(verified.head.sequence > 2000 + COUNT);
  assert.deepEqual(verified.head.buckets, heads.summary().buckets);

  const { store } = context;
  const steps: [string, () => void][] = [
    ['another account record', () => acknowledge(7, 5000, undefined)],
    ['another credential record', () => acknowledge(7, 5000, 5001)],
    ['the tenant forgot the user, who was said anew', () => acknowledge(7, 5002, undefined)],
    ['the password is read anew', () => store.passwords.remove(guidOf(7))],
    ['deleted', () => store.space.acknowledgeExport(guidOf(7), undefined, 5003)],
  ];
  let before = Buffer.from(heads.summary().buckets, 'base64url');
  for (const [what, step] of steps) {
    step();
    const now = Buffer.from(heads.summary().buckets, 'base64url');
    const changed = Array.from({ length: 256 }, (_, n) => n).filter(
      n => !before.subarray(n * 16, n * 16 + 16).equals(now.subarray(n * 16, n * 16 + 16)),
    );
    assert.deepEqual(changed, [bucketOf(anchorOf(7))], what);
    before = now;
  }
  assert.deepEqual([heads.summary().accounts, heads.summary().credentials], [COUNT - 1, COUNT - 1]);
});

test('an acknowledgement without a record keeps the sequence of the last one', () => {
  const { buckets } = context.store.heads.summary();
  acknowledge(7, 1007, undefined);
  assert.equal(context.store.heads.summary().buckets, buckets);
});

test('before the first cycle is through there is no head', () => {
  context.store.cursors.set('last-password-cycle-at', undefined);
  assert.equal(makeHead(context), undefined);
});

test('after a start there is no head before objects and passwords were read, whatever the state of before says', () => {
  const { cursors, settings } = context.store;
  const before = lastCycles(context);
  const knows = (automatic = true) => knowsForest(context, { automatic }, before);
  assert.equal(knows(), false);
  clock.set(clock.now() - 3600_000);
  cursors.set('last-object-cycle-at', timestamp(clock));
  assert.equal(knows(), false, 'no passwords yet');
  settings.setPasswordSync(false);
  assert.equal(knows(), true, 'passwords are switched off');
  settings.setPasswordSync(true);
  cursors.set('last-password-cycle-at', timestamp(clock));
  assert.equal(knows(), true, 'although the clock went back');
  cursors.set('last-object-cycle-at', before.objects);
  assert.equal(knows(), false, 'no objects yet');
  assert.equal(knows(false), true, 'the scheduler is switched off');
});

test('a receipt that agrees is complete, and says how many of how many', () => {
  assert.equal(arrival().state, 'no receipt yet');
  assert.equal(takeReceipt(context, receipt()), undefined);
  const { state, accounts, credentials, missing, alarm } = arrival();
  assert.deepEqual(
    [state, accounts, credentials, missing, alarm],
    ['complete', { arrived: COUNT, all: COUNT }, { arrived: COUNT, all: COUNT }, [], null],
  );
});

test('who is missing is named: an account, a credential, a deletion, and what was refused', () => {
  const cases: [Partial<ReceiptFields>, string[], number, number][] = [
    [bucket(7, () => null), ['user7 account', 'user7 credential'], 1, 1],
    [bucket(7, ([anchor, , credential]) => [anchor, 999, credential]), ['user7 account'], 1, 0],
    [bucket(7, ([anchor, account]) => [anchor, account, 0]), ['user7 credential'], 0, 1],
    [bucket(7, ([anchor, account]) => [anchor, account, 1999]), ['user7 credential'], 0, 1],
  ];
  for (const [changes, expected, accounts, credentials] of cases) {
    assert.equal(takeReceipt(context, receipt(changes)), undefined);
    const now = arrival();
    assert.deepEqual(
      now.missing.map(({ user, what }) => `${user.split('@')[0]} ${what}`),
      expected,
    );
    assert.deepEqual(
      [now.accounts.arrived, now.credentials.arrived],
      [COUNT - accounts, COUNT - credentials],
    );
    assert.equal(now.state, 'on its way');
  }
  const since = timestamp(clock);
  takeReceipt(context, receipt({ ...bucket(7, () => null), alarmSince: since }));
  assert.equal(arrival().state, 'differs');
  assert.match(arrival().alarm!, new RegExp(since));

  const left = bucket(7, entry => entry);
  takeReceipt(context, receipt({ ...left, entries: [...left.entries, ['AAAA', 5, 0]] }));
  assert.deepEqual(arrival().missing, [
    { user: 'AAAA', sourceAnchor: 'AAAA', what: 'not deleted', refused: null },
  ]);

  const notWritten = [
    [anchorOf(7), 'account', 'protected-name'],
    [anchorOf(7), 'credential', 'no-account'],
  ] as const;
  takeReceipt(context, receipt({ ...bucket(7, () => null), notWritten }));
  assert.deepEqual(
    [arrival().state, arrival().missing.map(({ refused }) => refused)],
    ['not all written', ['protected-name', 'no-account']],
  );
});

test('what was acknowledged after the head is on its way, not missing', () => {
  takeReceipt(context, receipt({ ...bucket(7, () => null), headSequence: 1500 }));
  assert.deepEqual(
    arrival().missing.map(({ what }) => what),
    ['account'],
    'its credential is newer than the head',
  );
  acknowledge(7, 9_000_000_000_000_000, 9_000_000_000_000_001);
  assert.deepEqual(arrival().missing, []);
});

test('a receipt of another key, tenant or forest, an older one, and what is none are not believed', () => {
  const first = receipt();
  assert.equal(takeReceipt(context, receipt()), undefined);
  const kept = context.store.receipts.last();
  const lies: [string, RegExp][] = [
    [receipt({}, generateSigningKey()), /signature/],
    [receipt({ tenant: 'another' }), /made for tenant/],
    [receipt({ forest: 'other.example.com' }), /not confirmed for forest/],
    [first, /older than the last one/],
    [makeHead(context)!, /another kind/],
    ['x.y.z', /./],
  ];
  for (const [lie, why] of lies) {
    assert.match(takeReceipt(context, lie) ?? '', why);
    assert.deepEqual(context.store.receipts.last(), kept);
  }
});

test('a tenant that hands over no new receipt, or a managed domain that sees no new head, is an alarm', async () => {
  const { silenceMs } = context.settings;
  const began = clock.now();
  const state = () => arrivalOf(context, began).state;
  takeReceipt(context, receipt());
  assert.equal(state(), 'complete');
  await clock.pass(silenceMs);
  assert.equal(state(), 'complete', 'not yet');
  await clock.pass(1);
  assert.equal(state(), 'silent');
  const headTime = new Date(began).toISOString();
  takeReceipt(context, receipt({ headTime }));
  assert.equal(state(), 'silent', 'it answers an old head');
  takeReceipt(context, receipt());
  assert.equal(state(), 'complete');
  await clock.pass(silenceMs + 1);
  assert.equal(arrivalOf(context, clock.now()).state, 'complete', 'a start is no silence');
});

test('the service sends heads, takes what the tenant answers, and tells of an alarm once', async () => {
  const service = startedService();
  await service.turn();
  assert.ok(peer.heads.get(FOREST));
  peer.receipts.set(FOREST, receipt({ ...bucket(3, () => null), alarmSince: timestamp(clock) }));
  await service.turn();
  await service.turn();
  const alarms = () => context.store.events.last(50).filter(({ text }) => text.startsWith('ALARM'));
  assert.equal(alarms().length, 1);
  peer.receipts.set(FOREST, receipt());
  await service.turn();
  assert.match(context.store.events.last(1)[0]!.text, /again/);
  peer.misbehave = path => (path === '/api/v1/sync/head' ? { status: 503 } : undefined);
  await service.turn();
  peer.misbehave = () => undefined;
  assert.equal(arrival().state, 'complete');
});

test('a head says what Connect reads only where tenant and managed domain both take one that does', async () => {
  const said = async (accepts?: string[], domainAccepts?: string[]) => {
    Object.assign(peer, { accepts, domainAccepts });
    await context.tenant.configuration(true);
    await startedService().turn();
    return peekHead(peer.heads.get(FOREST)!)!.reads;
  };
  assert.equal(await said(), undefined);
  assert.equal(await said(['account-3', 'head-2'], ['account-3']), undefined);
  assert.equal(await said(['account-3'], ['head-2']), undefined);
  assert.ok((await said(['head-2'], ['head-2']))!.includes('receipt-2'));
});

/** What becomes of somebody whom only a record of a newer version can tell. */
async function tellNameless(n: number): Promise<number> {
  imported(context, person(n, { userPrincipalName: '\u0007@corp.example.com', userAccountControl: '514' }));
  return (await exportStep(context)).upserted;
}

test('a tenant that announces less than the managed domain signed is sent what was signed', async () => {
  peer.accepts = ['account-3'];
  assert.equal(takeReceipt(context, receipt({ reads: ['account-3', 'receipt-2'] })), undefined);
  peer.accepts = undefined;
  await context.tenant.configuration(true);
  assert.equal(await tellNameless(1), 1);
});

test('what is signed is lowered by a newer receipt that says so, and by nothing else', async () => {
  const old = receipt({ reads: [] });
  const reads = ['account-3', 'withdrawal-1'];
  takeReceipt(context, receipt({ reads }));
  assert.match(takeReceipt(context, old)!, /replayed/);
  assert.ok(takeReceipt(context, receipt({ reads: [] }, generateSigningKey())));
  assert.equal(takeReceipt(context, receipt()), undefined);
  assert.deepEqual(signedReads(context.store), reads);
  assert.deepEqual(arrival().reads, reads, 'and status shows it');
  takeReceipt(context, receipt({ reads: ['account-3'] }));
  assert.deepEqual(signedReads(context.store), ['account-3']);
});

test('what is signed holds for the keys that signed it alone', () => {
  takeReceipt(context, receipt({ reads: ['account-3'] }));
  const other = generateSigningKey().publicKey.publicKey;
  confirmKey(context.store.db, { ...peer.confirmable(sealing), receiptKey: other });
  assert.deepEqual(signedReads(context.store), []);
  assert.equal(arrival().reads, undefined);
});
