import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { LdapConnection } from '@causeway/ldap';
import { bucketOf } from '@causeway/records';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../context.ts';
import { HeadService } from '../heads/head-service.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { deletionsOf, strangersOf } from '../objects/waiting.ts';
import { processUsers } from '../passwords/process-users.ts';
import { UsersInFlight } from '../passwords/users-in-flight.ts';
import { reserveSequences } from '../store/sequence.ts';
import { FOREST, guidOf, imported, person, replicated, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { ScriptedDirectory } from '../testing/scripted-directory.ts';
import { Comparison, lastComparison } from './comparison.ts';

const peer = await ProvisioningPeer.listen();
const directory = await ScriptedDirectory.listen();
let ldap: LdapConnection;
before(async () => {
  ldap = await directory.connect();
});
after(async () => {
  await ldap.close();
  await Promise.all([peer.close(), directory.close()]);
});

const anchorOf = (n: number): string => sourceAnchorOf(guidOf(n));
const MINUTE = 60_000;
const HEAD_MS = 10_000;
const COUNT = 60;
let context: ConnectorContext;
let clock: HandClock;
let inFlight: UsersInFlight;
let comparison: Comparison;

beforeEach(async () => {
  peer.forget();
  Object.assign(peer, { compares: true, accepts: ['account-3', 'withdrawal-1'] });
  peer.heads.clear();
  temporary.clear();
  directory.asked.length = 0;
  directory.answers.whole = [];
  clock = new HandClock();
  context = testContext(peer, {}, clock);
  inFlight = new UsersInFlight();
  imported(context, ...Array.from({ length: COUNT }, (_, n) => person(n)));
  context.store.cursors.set('dirsync-cookie', 'the first import is through');
  await exportStep(context);
  await read(...Array.from({ length: COUNT }, (_, n) => n));
  context.store.cursors.set('replication-cookie', '{}');
  comparison = start();
});

function start(): Comparison {
  const controller = { ldap: async () => ldap, namingContext: async () => 'DC=corp,DC=example,DC=com' };
  return new Comparison([{ context, inFlight, controller }]);
}

/** Users whose password is temporary, of version 2. At the domain controller every other password is of version 1. */
const temporary = new Set<number>();
const read = (...people: number[]) =>
  processUsers(
    context,
    people.map(n => replicated(n, temporary.has(n) ? 2 : 1, temporary.has(n) ? { pwdLastSet: 0n } : {})),
    { whole: true, single: () => Promise.reject(new Error('nobody is read singly here')) },
  );

/** Runs a cycle: exports, and reads from the domain controller whoever is due in the retry queue. */
async function cycle(): Promise<void> {
  await exportStep(context);
  const due = context.store.queue.due('password', 1_000);
  await read(...due.map(({ guid }) => Number.parseInt(guid.slice(-12), 16)));
  await clock.pass(1);
  for (const cursor of ['last-object-cycle-at', 'last-password-cycle-at'] as const)
    context.store.cursors.set(cursor, context.store.db.timestamp());
}

/** Compares, sends what it found, and compares again. @returns how often the second comparison asked for lines */
async function mend(): Promise<number> {
  await clock.pass(HEAD_MS);
  if (await comparison.turn()) await cycle();
  peer.requests.length = 0;
  assert.equal(await comparison.turn(), false, 'agrees now, or waits');
  return peer.requestsTo('/api/v1/sync/lines').length;
}

const alarms = () => context.store.events.last(200).filter(({ text }) => text.startsWith('ALARM'));

test("reads no lines where all agrees, and shows the tenant's mark at the next comparison", async () => {
  peer.mark = 'mark-1';
  assert.equal(await comparison.turn(), false);
  peer.mark = 'mark-2';
  await start().turn();
  await comparison.turn();
  assert.deepEqual(peer.marks, [null, 'mark-1', 'mark-2']);
  assert.equal(peer.requestsTo('/api/v1/sync/lines').length, 0);
  assert.equal(lastComparison(context)!.differing, 0);
});

test('a new password without a record changes the digests, and so does a record for a key', async () => {
  const { heads, passwords } = context.store;
  const digests = () => {
    heads.refreshLines(256);
    return heads.lineDigests();
  };
  const seen = new Set([digests()]);
  const single = async () => assert.fail();
  await processUsers(context, [replicated(6, 2)], { whole: true, single });
  assert.equal(await comparison.turn(), false, 'the tenant has it, too');
  seen.add(digests());
  const order = replicated(6, 2).passwordOrder!;
  const ack = { order, status: 'Success', detail: undefined, fullPass: undefined } as const;
  passwords.acknowledge(guidOf(6), { ...ack, recipientKeyId: 'key', recordSequence: 77 });
  seen.add(digests());
  passwords.acknowledge(guidOf(6), { ...ack, recipientKeyId: undefined, recordSequence: undefined });
  assert.equal(seen.size, 3);
  assert.ok(seen.has(digests()), 'as before it was sealed');
});

test('checks each stored digest against its rows within an hour, and corrects and reports a wrong one', async () => {
  const { db, heads, events } = context.store;
  await comparison.turn();
  const kept = () => [heads.summary(), heads.lineDigests()];
  const right = kept();
  const told = () => events.last(200).filter(({ text }) => text.includes('did not match its rows'));
  const [one, other] = [bucketOf(anchorOf(1)), bucketOf(anchorOf(2))].sort((a, b) => a - b) as [
    number,
    number,
  ];
  db.run('UPDATE head_bucket SET digest = ? WHERE bucket = ?', new Uint8Array(16), one);
  db.run('UPDATE head_bucket SET lines = ? WHERE bucket = ?', new Uint8Array(16), other);
  assert.notDeepEqual(kept(), right);
  for (let passed = 0; passed < 60 * MINUTE; passed += HEAD_MS) {
    await clock.pass(HEAD_MS);
    await comparison.turn();
  }
  assert.deepEqual(kept(), right);
  assert.deepEqual(
    told().map(({ text }) => /bucket (\d+) of corp.example.com/.exec(text)?.[1]),
    [String(other), String(one)],
  );
});

test('restores what the tenant lost: an account, a password, a withdrawal, a person', async () => {
  temporary.add(4);
  await read(4);
  temporary.add(5);
  const old = structuredClone([...peer.users]);
  await read(5);
  imported(context, person(1, { userAccountControl: '514' }));
  await exportStep(context);
  const losses: Record<string, () => void> = {
    'an account': () =>
      Object.assign(peer.users.get(anchorOf(1))!, { object: new Map(old).get(anchorOf(1))!.object }),
    'a password': () => {
      delete peer.users.get(anchorOf(2))!.order;
      delete peer.users.get(anchorOf(2))!.credential;
    },
    'a person': () => peer.users.delete(anchorOf(3)),
    'the order of a withdrawal': () => delete peer.users.get(anchorOf(4))!.order,
    'a withdrawal': () => peer.users.set(anchorOf(5), new Map(old).get(anchorOf(5))!),
  };
  for (const [what, lose] of Object.entries(losses)) {
    lose();
    assert.equal(await mend(), 0, what);
    assert.equal(lastComparison(context)!.differing, 0, what);
  }
  assert.equal(peer.users.get(anchorOf(1))!.object.accountEnabled, false);
  assert.ok(peer.users.get(anchorOf(2))!.credential);
  assert.ok(peer.users.get(anchorOf(3))!.credential, 'with the password');
  for (const n of [4, 5]) assert.ok(peer.users.get(anchorOf(n))!.withdrawal);
  const told = context.store.events.last(50).map(({ text }) => text);
  assert.equal(
    told.filter(text => text.startsWith('the tenant has 1 of corp.example.com otherwise')).length,
    5,
  );
});

test('sends everybody by one full pass to a tenant that lost everybody', async () => {
  imported(context, ...Array.from({ length: 200 }, (_, n) => person(COUNT + n)));
  await exportStep(context);
  await read(...Array.from({ length: 200 }, (_, n) => COUNT + n));
  const { passes, queue } = context.store;
  for (const { guid } of queue.due('password', 1_000)) queue.remove('password', guid);
  peer.users.clear();
  assert.equal(await comparison.turn(), true);
  assert.equal(queue.count(false), 0);
  const pass = passes.open()!;
  assert.equal(await comparison.turn(), false, 'it is waited for');
  await cycle();
  const users = Array.from({ length: COUNT + 200 }, (_, n) => replicated(n, 1));
  await processUsers(context, users, { whole: true, fullPass: pass.id, single: async () => assert.fail() });
  passes.read(pass.id);
  passes.complete(pass.id);
  assert.equal(await comparison.turn(), false);
  assert.equal(lastComparison(context)!.differing, 0);
  assert.equal(peer.users.size, COUNT + 200);
});

test('leaves out a user whose password is being sent', async () => {
  peer.users.delete(anchorOf(3));
  const sent = Promise.withResolvers<void>();
  const sending = inFlight.run([guidOf(3)], () => sent.promise);
  assert.equal(await comparison.turn(), false);
  sent.resolve();
  await sending;
  assert.equal(await comparison.turn(), true);
});

test('ignores a record that the tenant keeps of a password that was sent again without one', async () => {
  peer.lines = () =>
    peer
      .ownLines()
      .map(line => (line.sourceAnchor === anchorOf(6) ? { ...line, credentialSequence: 77 } : line));
  assert.equal(await comparison.turn(), false);
  assert.equal(lastComparison(context)!.differing, 0);
  const lines = () => peer.requestsTo('/api/v1/sync/lines').length;
  const before = lines();
  await clock.pass(HEAD_MS);
  await comparison.turn();
  assert.equal(lines(), before, 'a bucket that differs for good is not read at every turn');
  await clock.pass(MINUTE);
  await comparison.turn();
  assert.equal(lines(), before + 1);
});

test('keeps the sequence of the sealed record when the tenant has the password already, unless the record was lost', async () => {
  const { passwords, heads } = context.store;
  const ack = {
    order: replicated(6, 1).passwordOrder!,
    status: 'Success',
    detail: undefined,
    fullPass: undefined,
  } as const;
  passwords.acknowledge(guidOf(6), { ...ack, recipientKeyId: 'key', recordSequence: 77 });
  peer.judge = () => ({ verdict: 'unchanged' });
  const again = { whole: true, again: true, single: async () => assert.fail() };
  await processUsers(context, [replicated(6, 1)], again);
  assert.equal(heads.line(guidOf(6))!.credentialSequence, 77);
  passwords.sayAnew(guidOf(6));
  await processUsers(context, [replicated(6, 1)], again);
  assert.equal(heads.line(guidOf(6))!.credentialSequence, 0, 'but not where it was lost');
});

test('deletes a stranger whom the domain controller does not have, and keeps one whom it has', async () => {
  for (const n of [100, 101, 102]) {
    const [known] = peer.users.values();
    peer.users.set(anchorOf(n), structuredClone(known!));
  }
  directory.answers.whole = [
    { guid: guidOf(101), dn: person(101).dn },
    { guid: guidOf(102), dn: 'CN=User 102\\0ADEL:x,CN=Deleted Objects', attributes: { isDeleted: 'TRUE' } },
  ];
  const before = context.store.heads.summary();
  assert.equal(await comparison.turn(), true);
  assert.deepEqual(context.store.heads.summary(), before, 'no head names them');
  await cycle();
  assert.deepEqual(
    [100, 101, 102].map(n => peer.users.has(anchorOf(n))),
    [false, true, false],
  );
  assert.equal(context.store.space.get(guidOf(100)), undefined, 'nothing is left of the row');
  assert.equal(context.store.bulk.went(deletionsOf(context), context.store.db.now()), 0);
  directory.asked.length = 0;
  await comparison.turn();
  assert.deepEqual(directory.asked, [], 'who is there is not looked up again at once');
  imported(context, person(101)); // the import brings it
  await cycle();
  await read(101);
  assert.equal(await comparison.turn(), false);
  assert.equal(lastComparison(context)!.differing, 0);
});

test('deletes a user in the tenant who is out of scope, although the domain controller has the object', async () => {
  imported(context, person(100, { adminDescription: 'User_left' }));
  peer.users.set(anchorOf(100), structuredClone(peer.users.get(anchorOf(1))!));
  directory.answers.whole = [{ guid: guidOf(100), dn: person(100).dn }];
  await comparison.turn();
  await cycle();
  assert.ok(!peer.users.has(anchorOf(100)));
});

test('exports a stranger with the password after an import finds the user', async () => {
  peer.users.set(anchorOf(100), structuredClone(peer.users.get(anchorOf(1))!));
  await comparison.turn();
  imported(context, person(100)); // restored from its tombstone meanwhile
  await cycle();
  await comparison.turn();
  assert.equal(peer.users.get(anchorOf(100))!.object.userPrincipalName, `user100@${FOREST}`);
  assert.ok(context.store.passwords.get(guidOf(100))!.acknowledged);
});

/** Makes the tenant claim that it has these people, whatever Connect sends. */
function invent(...people: number[]): void {
  peer.lines = () => [
    ...peer.ownLines(),
    ...people.map(n => ({ ...peer.ownLines()[0]!, sourceAnchor: anchorOf(n) })),
  ];
}

test('501 invented people delay no deletion that the directory reports, and cost at most 50 look-ups per comparison', async () => {
  invent(...Array.from({ length: 501 }, (_, n) => 1_000 + n));
  for (let turn = 0; turn < 11; turn++) {
    directory.asked.length = 0;
    await comparison.turn();
    assert.ok(directory.asked.length <= 1);
    await cycle();
  }
  const { bulk, space } = context.store;
  assert.equal(bulk.held(strangersOf(context)).length, 501);
  assert.equal(alarms().filter(({ text }) => text.includes('were found in the tenant')).length, 11);
  imported(context, { ...person(7), deleted: true });
  await cycle();
  assert.equal(space.get(guidOf(7)), undefined);
  assert.ok(!peer.users.has(anchorOf(7)));
});

test('deletes one invented person again within the budget, counts it once, and raises the alarm', async () => {
  invent(1_000);
  const sent = () =>
    peer.requestsTo('/api/v1/sync/objects').filter(({ body }) => body.includes('"operation":"delete"'))
      .length;
  for (let passed = 0; passed < 70 * MINUTE; passed += HEAD_MS) {
    await clock.pass(HEAD_MS);
    if (await comparison.turn()) await cycle();
  }
  assert.equal(sent(), 4);
  assert.equal(context.store.bulk.went(strangersOf(context), context.store.db.now()), 1);
  assert.equal(alarms().length, 1);
});

test('resends within the budget to a tenant that lies about a user at every head, and names the user in an alarm', async () => {
  peer.lines = () =>
    peer.ownLines().map(line => (line.sourceAnchor === anchorOf(9) ? { ...line, accountSequence: 5 } : line));
  peer.requests.length = 0;
  for (let passed = 0; passed < 70 * MINUTE; passed += HEAD_MS) {
    await clock.pass(HEAD_MS);
    if (await comparison.turn()) await cycle();
  }
  assert.equal(peer.requestsTo('/api/v1/sync/objects').length, 4, 'at once, after 1, 5 and 60 minutes');
  assert.equal(alarms().length, 1);
  assert.match(alarms()[0]!.text, /user9@corp\.example\.com/);
});

test('rejects lines that it did not ask for, or that are out of order', async () => {
  peer.users.delete(anchorOf(3));
  const { lines } = peer;
  peer.script.push(undefined, {
    status: 200,
    json: { lines: [...lines(), ...lines()].slice(0, 70), more: true },
  });
  assert.equal(await comparison.turn(), false);
  assert.equal(await comparison.turn(), true);
});

test('does not compare with a tenant of an older release, and holds up no head for it', async () => {
  peer.compares = false;
  peer.users.delete(anchorOf(3));
  assert.equal(await comparison.turn(), false);
  assert.equal(comparison.isWorkedOff({ automatic: true }), true);
});

test('does not look up strangers at a domain controller that lags', async () => {
  const { store } = context;
  const several = { ...context.connector, domainControllers: [{ server: 'dc2' }] };
  context = { ...context, connector: several as unknown as ConnectorContext['connector'] };
  store.cursors.set('lag', JSON.stringify({ since: store.db.timestamp(), importOwed: false }));
  comparison = start();
  peer.users.set(anchorOf(100), structuredClone(peer.users.get(anchorOf(1))!));
  assert.equal(await comparison.turn(), false);
  assert.deepEqual(directory.asked, []);
  store.cursors.set('lag', undefined);
  assert.equal(await comparison.turn(), true);
});

test("a Connect that lost count raises its sequence above the tenant's, by five minutes at a time", async () => {
  const { store } = context;
  const ahead = (clock.now() + 8 * MINUTE) * 1000;
  peer.users.get(anchorOf(1))!.object.sequence = ahead;
  store.queue.put('object', guidOf(1), { quarantined: true, code: 'older-sequence', reason: 'older' });
  const began = reserveSequences(store.db, 1);
  await comparison.turn();
  const once = reserveSequences(store.db, 1);
  assert.ok(once > began + 290_000_000 && once < began + 330_000_000, `${once - began}`);
  assert.equal(store.queue.hasDue('object'), true, 'what was refused as older is signed anew');
  await clock.pass(2 * MINUTE);
  await comparison.turn();
  assert.ok(reserveSequences(store.db, 1) > ahead);
});

test('heads wait until the findings of the first comparison are sent, at most five minutes', async () => {
  for (const patient of [true, false]) {
    peer.heads.clear();
    comparison = start();
    const heads = new HeadService(context, { automatic: true }, comparison, () => {});
    await cycle();
    await heads.turn();
    assert.equal(peer.heads.size, 0, 'nothing is compared yet');
    peer.users.delete(anchorOf(3));
    await comparison.turn();
    await heads.turn();
    assert.equal(peer.heads.size, 0, 'it is to be sent');
    if (patient) await cycle();
    else await clock.pass(5 * MINUTE);
    await heads.turn();
    assert.equal(peer.heads.size, 1);
    await clock.pass(2 * MINUTE);
  }
});
