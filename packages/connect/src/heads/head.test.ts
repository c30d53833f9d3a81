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
import { Comparison } from '../comparison/comparison.ts';
import type { ConnectorContext } from '../context.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { signedReads } from '../pairing/signed-reads.ts';
import { UsersInFlight } from '../passwords/users-in-flight.ts';
import { lastCycles } from '../store/comparing/last-cycles.ts';
import { reserveSequences } from '../store/sequence.ts';
import { FOREST, guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { arrivalOf } from './arrival.ts';
import { HeadService } from './head-service.ts';
import { knowsForest, makeHead } from './make-head.ts';
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
  nudged = 0;
  context = testContext(peer, {}, clock);
  imported(context, ...Array.from({ length: COUNT }, (_, n) => person(n)));
  for (let n = 0; n < COUNT; n++) acknowledge(n, 1000 + n, 2000 + n);
  context.store.cursors.set('last-password-cycle-at', timestamp(clock));
  context.store.confirmations.confirmDomain(peer.confirmable(sealing));
  peer.receipts.clear();
  peer.accepts = undefined;
  peer.domainAccepts = undefined;
});

/** The managed domain's receipt. It agrees with everything that was acknowledged, except for `changes`. */
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
let nudged = 0;

/** A comparison that asks no domain controller. */
const comparison = () =>
  new Comparison([
    {
      context,
      inFlight: new UsersInFlight(),
      controller: {
        ldap: () => Promise.reject(new Error('nobody is looked up here')),
        namingContext: async () => 'DC=corp,DC=example,DC=com',
      },
    },
  ]);

/** A service that has read everything since its start. Its tenant does not compare. */
async function startedService(): Promise<HeadService> {
  const compared = comparison();
  const service = new HeadService(context, { automatic: true }, compared, () => void nudged++);
  await compared.turn();
  await clock.pass(1);
  for (const cycle of ['last-object-cycle-at', 'last-password-cycle-at'] as const)
    context.store.cursors.set(cycle, timestamp(clock));
  return service;
}

/** What the managed domain has in the bucket of a user, with that user's entry replaced by `change`. */
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

test('a head holds what was acknowledged, and each acknowledgement changes only its own bucket', () => {
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

test('keeps the sequence of the last record at an acknowledgement without one', () => {
  const { buckets } = context.store.heads.summary();
  acknowledge(7, 1007, undefined);
  assert.equal(context.store.heads.summary().buckets, buckets);
});

test('makes no head before the first cycle has ended', () => {
  context.store.cursors.set('last-password-cycle-at', undefined);
  assert.equal(makeHead(context), undefined);
});

test('makes no head after a start until objects and passwords were read, whatever the stored state says', async () => {
  const { cursors, settings } = context.store;
  const compared = comparison();
  await compared.turn();
  const before = lastCycles(context.store);
  const knows = (automatic = true) => knowsForest(context, { automatic }, [before], compared);
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

test('shows a receipt that agrees as complete, with counts of what arrived', () => {
  assert.equal(arrival().state, 'no receipt yet');
  assert.equal(takeReceipt(context, receipt()), undefined);
  const { state, accounts, credentials, missing, alarm } = arrival();
  assert.deepEqual(
    [state, accounts, credentials, missing, alarm],
    ['complete', { arrived: COUNT, all: COUNT }, { arrived: COUNT, all: COUNT }, [], null],
  );
});

test('names what is missing or refused: an account, a credential, a deletion', () => {
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

test('treats what was acknowledged after the head as on its way, not as missing', () => {
  takeReceipt(context, receipt({ ...bucket(7, () => null), headSequence: 1500 }));
  assert.deepEqual(
    arrival().missing.map(({ what }) => what),
    ['account'],
    'its credential is newer than the head',
  );
  takeReceipt(context, receipt());
  acknowledge(8, 9_000_000_000_000_000, 9_000_000_000_000_001);
  takeReceipt(context, receipt(bucket(8, ([anchor]) => [anchor, 1008, 2008])));
  assert.deepEqual(arrival().missing, [], 'nothing lacked before');
});

test('keeps naming a user who was signed again until the managed domain has what was withheld', () => {
  const lacking = bucket(7, ([anchor, account]) => [anchor, account, 0]);
  const named = () => arrival().missing.map(({ user, what }) => `${user.split('@')[0]} ${what}`);
  takeReceipt(context, receipt(lacking));
  assert.deepEqual(named(), ['user7 credential']);
  const anew = clock.now() * 1000 + 1_000_000;
  acknowledge(7, 1007, anew);
  assert.deepEqual(named(), ['user7 credential'], 'at once');
  for (let n = 0; n < 2; n++) {
    takeReceipt(context, receipt(lacking));
    assert.deepEqual(named(), ['user7 credential'], 'by receipts of heads before it');
  }
  takeReceipt(context, receipt(bucket(7, ([anchor, account]) => [anchor, account, 2007])));
  assert.deepEqual(named(), [], 'what was withheld has come, the newer one is on its way');
  takeReceipt(context, receipt(lacking));
  assert.deepEqual(named(), [], 'as of anybody');
});

test('rejects a receipt of another key, tenant or forest, an older one, and anything that is not a receipt', () => {
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

test('raises an alarm when no new receipt arrives, or receipts answer only old heads', async () => {
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

test('the service sends heads, takes receipts, and reports an alarm once', async () => {
  const service = await startedService();
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

test('a head states what Connect reads only if tenant and managed domain both accept such a head', async () => {
  const said = async (accepts?: string[], domainAccepts?: string[]) => {
    Object.assign(peer, { accepts, domainAccepts });
    await context.tenant.configuration(true);
    await (await startedService()).turn();
    return peekHead(peer.heads.get(FOREST)!)!.reads;
  };
  assert.equal(await said(), undefined);
  assert.equal(await said(['account-3', 'head-2'], ['account-3']), undefined);
  assert.equal(await said(['account-3'], ['head-2']), undefined);
  assert.ok((await said(['head-2'], ['head-2']))!.includes('receipt-2'));
});

/** Exports a user who fits only into a record of a newer version. @returns how many were sent */
async function tellNameless(n: number): Promise<number> {
  imported(context, person(n, { userPrincipalName: '\u0007@corp.example.com', userAccountControl: '514' }));
  return (await exportStep(context)).upserted;
}

test('sends what the managed domain signed that it reads to a tenant that announces less', async () => {
  peer.accepts = ['account-3'];
  assert.equal(takeReceipt(context, receipt({ reads: ['account-3', 'receipt-2'] })), undefined);
  peer.accepts = undefined;
  await context.tenant.configuration(true);
  assert.equal(await tellNameless(1), 1);
});

test('only a newer receipt can shrink the list of records that the managed domain reads', async () => {
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

test('drops the list of records that the managed domain reads when its keys change', () => {
  takeReceipt(context, receipt({ reads: ['account-3'] }));
  const other = generateSigningKey().publicKey.publicKey;
  context.store.confirmations.confirmDomain({ ...peer.confirmable(sealing), receiptKey: other });
  assert.deepEqual(signedReads(context.store), []);
  assert.equal(arrival().reads, undefined);
});

test('orders receipts by the head that they name, so that it accepts a restored managed domain and rejects replays', () => {
  const at = (head: number, sequence: number, changes: Partial<ReceiptFields> = {}) =>
    receipt({ headSequence: head, sequence, reads: [], newest: 0, ...changes });
  const lie = at(5_000, 9_000_000, { alarmSince: null });
  const ofNoHead = at(0, 9_500_000, { headTime: null });
  assert.equal(takeReceipt(context, at(6_000, 8_000_000)), undefined);
  for (const old of [lie, ofNoHead, at(6_000, 7_999_999), at(6_000, 8_000_000, { accounts: 1 })])
    assert.match(takeReceipt(context, old)!, /older than the last one/);
  // Its ledger was restored and its clock is behind. The newer head that it compared shows that this is no replay.
  const restored = [at(7_000, 100), at(7_000, 101), at(7_001, 50)];
  for (const one of restored) assert.equal(takeReceipt(context, one), undefined);
  for (const one of [...restored.slice(0, 2), lie, ofNoHead])
    assert.match(takeReceipt(context, one)!, /older than the last one/);
});

test('a Connect that lost count raises its sequence above what the managed domain accepted, and reports it once', () => {
  const { store } = context;
  const lost = () => store.events.last(9).filter(({ text }) => /counts on from there/.test(text)).length;
  const next = () => reserveSequences(store.db, 1);
  const ahead = next() + 365 * 24 * 3_600_000_000;
  takeReceipt(context, receipt({ reads: [], newest: next() }));
  assert.equal(lost(), 0, 'what this Connect signed');
  const refused = { quarantined: true, code: 'older-sequence', reason: 'older' };
  for (const kind of ['object', 'password'] as const) store.queue.put(kind, guidOf(3), refused);
  const due = () => (['object', 'password'] as const).map(kind => store.queue.hasDue(kind));
  assert.deepEqual(due(), [false, false]);
  takeReceipt(context, receipt({ reads: [], newest: ahead }));
  assert.deepEqual(due(), [true, true], 'what was refused as older is signed anew');
  assert.deepEqual([next(), next()], [ahead + 1, ahead + 2]);
  takeReceipt(context, receipt({ reads: [], newest: ahead }));
  assert.deepEqual([next(), lost()], [ahead + 3, 1]);
  // An older release reports only the head that it compared.
  takeReceipt(context, receipt({ headSequence: ahead + 1000 }));
  assert.ok(next() > ahead + 1000);
  assert.equal(arrival().alarm, null);
});

test('raises an alarm when the managed domain has accepted nearly the largest sequence', () => {
  const before = reserveSequences(context.store.db, 1);
  const newest = Number.MAX_SAFE_INTEGER - 10;
  assert.equal(takeReceipt(context, receipt({ reads: [], newest })), undefined);
  assert.match(arrival().alarm!, /none is left above it/);
  assert.ok(reserveSequences(context.store.db, 1) < before + 10_000);
});

/** Runs a service that gets these receipts, one head after the other. */
async function hearing(...changes: Partial<ReceiptFields>[]): Promise<void> {
  const service = await startedService();
  for (const one of changes) {
    await clock.pass(1000);
    peer.receipts.set(FOREST, receipt(one));
    await service.turn();
  }
}
const isAnew = (n: number) => context.store.space.get(guidOf(n))!.exportedDigest!.startsWith('anew: ');
const isPasswordDue = (n: number) =>
  context.store.queue.due('password', 99).some(({ guid }) => guid === guidOf(n));

test('signs a user again who is newer or missing in the managed domain, once two consecutive heads have shown it', async () => {
  const newer = bucket(7, ([anchor, account, credential]) => [anchor, account + 1, credential]);
  const lacking = bucket(8, () => null);
  await hearing(newer);
  assert.deepEqual([isAnew(7), nudged], [false, 0], 'it may be on its way');
  await hearing(newer, lacking, newer);
  assert.deepEqual([isAnew(7), isAnew(8)], [false, false], 'not the same twice');
  await hearing(newer, newer);
  assert.deepEqual([isAnew(7), isPasswordDue(7), nudged], [true, false, 1]);
  assert.deepEqual(arrival().missing, [], 'nothing of theirs is missing');
  await hearing(lacking, lacking, lacking);
  assert.deepEqual([isAnew(8), isPasswordDue(8)], [true, true]);
  assert.equal(nudged, 2, 'within the budget');
  assert.equal(context.store.heads.summary().accounts, COUNT, 'the head names everybody');
});

test('does not count two receipts of one head as two', async () => {
  const service = await startedService();
  const lacking = bucket(8, () => null);
  const headSequence = clock.now() * 1000;
  for (let i = 0; i < 3; i++) {
    peer.receipts.set(FOREST, receipt({ ...lacking, headSequence }));
    await service.turn();
  }
  assert.equal(isAnew(8), false);
});

test("does not sign a user again who was refused for a reason other than age, or may be refused beyond the receipt's list", async () => {
  const refusedAs = (code: string): Partial<ReceiptFields> => {
    const notWritten = (['account', 'credential'] as const).map(kind => [anchorOf(8), kind, code] as const);
    return { ...bucket(8, () => null), notWritten };
  };
  const many = Array.from({ length: 200 }, (_, i) => [`a${i}`, 'account', 'deletion-threshold'] as const);
  const held = (more: Partial<ReceiptFields> = {}) => ({
    ...bucket(8, entry => entry),
    notWritten: many,
    ...more,
  });
  const left = held();
  left.entries = [...left.entries, [anchorOf(COUNT + 1), 5, 0]];
  await hearing(refusedAs('growth-threshold'), refusedAs('growth-threshold'));
  await hearing(left, left);
  await hearing(
    { ...bucket(8, () => null), notWritten: many },
    { ...bucket(8, () => null), notWritten: many },
  );
  assert.deepEqual([isAnew(8), context.store.strangers.count()], [false, 0]);
  const alarm = { ...left, alarmSince: timestamp(clock) };
  await hearing(alarm, alarm);
  assert.equal(context.store.strangers.count(), 1, 'a list that is full hides nothing');
  context.store.strangers.remove(anchorOf(COUNT + 1));
  await hearing(refusedAs('older-sequence'), refusedAs('older-sequence'));
  assert.equal(isAnew(8), true);
});

test('looks up a user in the directory whom the managed domain has and Connect does not know', async () => {
  const left = bucket(7, entry => entry);
  const stranger = anchorOf(COUNT + 1);
  const having: Partial<ReceiptFields> = { ...left, entries: [...left.entries, [stranger, 5, 0]] };
  await hearing(having, having);
  assert.deepEqual(
    context.store.strangers.due(9).map(({ anchor }) => anchor),
    [stranger],
  );
  assert.equal(arrival().missing[0]!.reason, undefined);
});

test('looks up a user in the directory whom the managed domain found unclaimed', async () => {
  const left = bucket(7, entry => entry);
  const stranger = anchorOf(COUNT + 1);
  const notWritten = [[stranger, 'account', 'unclaimed']] as const;
  const having: Partial<ReceiptFields> = {
    ...left,
    notWritten,
    entries: [...left.entries, [stranger, 0, 0]],
  };
  await hearing(having, having);
  assert.deepEqual(
    context.store.strangers.due(9).map(({ anchor }) => anchor),
    [stranger],
  );
});

test('names a deleted user who is still in the managed domain, and who withholds the deletion', async () => {
  const { store } = context;
  const left = bucket(7, entry => entry);
  imported(context, { ...person(7), deleted: true });
  peer.judge = () => ({ verdict: 'applied' });
  assert.equal((await exportStep(context)).deleted, 1);
  peer.judge = () => undefined;
  assert.equal(store.space.get(guidOf(7)), undefined);
  const { sequence } = store.deletions.get(anchorOf(7))!;
  takeReceipt(context, receipt({ ...left, headSequence: sequence - 1 }));
  const named = () => arrival().missing.map(({ user, what, reason }) => [user, what, reason]);
  assert.deepEqual(named(), [['user7@corp.example.com', 'not deleted', undefined]], 'of a head before it');
  const after = { ...left, headSequence: sequence + 1 };
  takeReceipt(context, receipt(after));
  const why = 'deleted here, still in the managed domain; the tenant withholds the deletion';
  assert.deepEqual(named(), [['user7@corp.example.com', 'not deleted', why]]);
  const notWritten = [[anchorOf(7), 'account', 'deletion-threshold']] as const;
  takeReceipt(context, receipt({ ...after, notWritten }));
  assert.deepEqual(named(), [['user7@corp.example.com', 'not deleted', undefined]], 'it is held there');
});
