import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bucketOf, differingBuckets } from '@causeway/records';
import { createLog } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { Database } from './database.ts';
import { EVENTS, Events } from './events.ts';
import { MIGRATIONS } from './migrations.ts';
import { nextAttemptAt } from './retry-queue.ts';
import { raiseSequences, raiseUnverified, reserveSequences } from './sequence.ts';
import { connectorStore, openStore } from './store.ts';

const log = createLog('test', { write: () => {} });
const memory = () => connectorStore(openStore(undefined, log), 'c');

test('keeps the content of a file opened twice, and refuses a file of a newer program', t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const store = openStore(folder, log);
  connectorStore(store, 'c').cursors.set('usn', '42');
  store.close();
  const again = openStore(folder, log);
  assert.equal(connectorStore(again, 'c').cursors.get('usn'), '42');
  assert.equal(connectorStore(again, 'other').cursors.get('usn'), undefined);
  again.close();
  const raw = new DatabaseSync(join(folder, 'connect.db'));
  raw.exec('PRAGMA user_version = 99');
  raw.close();
  assert.throws(() => openStore(folder, log), { code: 'state-too-new' });
});

test("keeps the password states of an earlier version's file, and what a head is made of", t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const before = new DatabaseSync(join(folder, 'connect.db'));
  before.function('bucket_of', { deterministic: true }, anchor => bucketOf(String(anchor)));
  for (const migration of MIGRATIONS.slice(0, 4)) before.exec(migration);
  before.exec(`
    PRAGMA user_version = 4;
    INSERT INTO connector_space (connector, guid, anchor, dn, object_classes, attributes, desired_digest, exported_digest, exported_sequence)
      VALUES ('c', 'g', 'anchor', 'CN=g', '[]', '{}', 'd', 'd', 5),
        ('c', 's', 'smart', 'CN=s', '[]', '{"userAccountControl":"262656"}', 'd', 'd', 6),
        ('c', 'n', 'normal', 'CN=n', '[]', '{"userAccountControl":"512"}', 'd', 'd', 7);
    INSERT INTO password_state VALUES ('c', 'g', 3, 13300000000, 'invocation', '2026-01-01T00:00:00.000Z', 'key', 'MissingAttribute', 'no keys', 1, 2,
      '2026-01-02T00:00:00.000Z', 7);
    INSERT INTO password_log (connector, guid, at, status) VALUES ('c', 'g', '2026-01-01T00:00:00.000Z', 'Success');`);
  before.close();
  const { passwords, passwordLog, holders, heads, queue, db } = connectorStore(openStore(folder, log), 'c');
  const order = { version: 3, originatingTime: 13_300_000_000, originatingInvocationId: 'invocation' };
  assert.deepEqual(passwords.get('g'), {
    ...{ guid: 'g', acknowledged: order, acknowledgedAt: '2026-01-01T00:00:00.000Z', recipientKeyId: 'key' },
    ...{ withdrawn: false, anew: false },
    ...{ status: 'MissingAttribute', detail: 'no keys', mustChange: true, fullPass: 2 },
    updatedAt: '2026-01-02T00:00:00.000Z',
  });
  assert.deepEqual(holders.get('g'), {
    ...{ guid: 'g', anchor: 'anchor', dn: 'CN=g', inScope: true, exported: true },
    ...{ acknowledged: order, withdrawn: undefined, mustChange: true, smartCard: false },
    passwords: 'sent',
    ...{ anew: false, fullPass: 2, owed: false, isInetOrgPerson: false, epoch: 0 },
  });
  assert.equal(passwordLog.last('g', 10).length, 1);
  const due = queue.due('password', 10).map(({ guid }) => guid);
  assert.deepEqual(due.sort(), ['g', 's'], 'whose password may have to be withdrawn');
  assert.equal(holders.get('s')!.smartCard, true);
  const [entry] = heads.entries(bucketOf('anchor'));
  assert.deepEqual({ ...entry }, { anchor: 'anchor', accountSequence: 5, credentialSequence: 7 });
  const { buckets } = heads.summary();
  const ack = {
    order,
    recipientKeyId: 'key',
    status: 'Success',
    detail: undefined,
    fullPass: undefined,
  } as const;
  passwords.acknowledge('g', { ...ack, recordSequence: 8 });
  assert.deepEqual(differingBuckets(heads.summary().buckets, buckets), [bucketOf('anchor')]);
  db.close();
});

test('leaves nothing of a failed transaction, nor of one within it', () => {
  const { db, cursors } = memory();
  assert.throws(() =>
    db.transaction(() => {
      db.transaction(() => cursors.set('usn', '1'));
      throw new Error('cut');
    }),
  );
  assert.equal(cursors.get('usn'), undefined);
});

test('takes sequences from the clock, and keeps counting when the clock goes back', () => {
  const clock = new HandClock(1_000);
  const db = new Database(':memory:', clock);
  assert.equal(reserveSequences(db, 3), 1_000_000);
  assert.equal(reserveSequences(db, 1), 1_000_003);
  clock.set(500);
  assert.equal(reserveSequences(db, 1), 1_000_004);
  clock.set(2_000);
  assert.equal(reserveSequences(db, 1), 2_000_000);
});

test('continues sequences above what others accepted: without a limit if verified, else by at most five minutes', () => {
  const clock = new HandClock(1_000);
  const db = new Database(':memory:', clock);
  const next = () => reserveSequences(db, 1);
  next();
  assert.equal(raiseSequences(db, 1_000_000), 'above already');
  assert.equal(next(), 1_000_001, 'and none is left out');
  assert.equal(raiseSequences(db, 1_000_500), 'raised', 'also where the disk has more reserved');
  assert.ok(next() > 1_000_500);
  const year = 365 * 24 * 3_600_000_000;
  assert.equal(raiseSequences(db, year), 'raised');
  assert.equal(next(), year + 1);
  const before = next();
  raiseUnverified(db, 2 * year);
  const raised = next();
  assert.ok(raised > before && raised <= before + 310_000_000, `${raised - before}`);
  clock.set(3 * (year / 1000));
  raiseUnverified(db, 5 * year);
  assert.equal(next(), 3 * year + 300_000_001);
  for (const far of [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1000])
    assert.equal(raiseSequences(db, far), 'exhausted');
  assert.equal(next(), 3 * year + 300_000_002);
});

test('never repeats a sequence, neither after a kill nor after a failed transaction', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'causeway-')), 'state.sqlite');
  const clock = new HandClock(1_000);
  const db = new Database(file, clock);
  const used = [reserveSequences(db, 1)];
  assert.throws(() =>
    db.transaction(() => {
      reserveSequences(db, 20_000_000);
      throw new Error('cut');
    }),
  );
  db.transaction(() => used.push(reserveSequences(db, 20_000_000), reserveSequences(db, 1)));
  used.push(reserveSequences(db, 1));
  clock.set(500);
  used.push(reserveSequences(db, 1), reserveSequences(new Database(file, clock), 1));
  assert.deepEqual(
    used,
    used.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(used).size, used.length);
  assert.ok(used[2]! >= used[1]! + 20_000_000);
});

test('doubles the wait between attempts within limits, and retries quarantined entries seldom', () => {
  assert.deepEqual(
    [1, 2, 3, 20].map(attempts => nextAttemptAt(attempts, false, 0)),
    [2_000, 4_000, 8_000, 300_000],
  );
  assert.deepEqual(
    [1, 2, 20].map(attempts => nextAttemptAt(attempts, true, 0)),
    [60_000, 120_000, 1_800_000],
  );
});

test('counts attempts in the queue, keeps their first time, and returns what is due', async () => {
  const clock = new HandClock(1_000);
  const { queue } = connectorStore(openStore(undefined, log, clock), 'c');
  queue.put('password', 'g', { quarantined: false, code: 'retry', reason: 'busy' });
  await clock.pass(4_000);
  const entry = queue.put('password', 'g', { quarantined: false, code: 'retry', reason: 'busy' });
  assert.deepEqual([entry.attempts, entry.nextAt, entry.since], [2, 9_000, '1970-01-01T00:00:01.000Z']);
  await clock.pass(3_999);
  assert.equal(queue.due('password', 10).length, 0);
  await clock.pass(1);
  assert.equal(queue.due('password', 10).length, 1);
  assert.equal(queue.due('object', 10).length, 0);
  assert.equal(queue.remove('password', 'g'), true);
  assert.equal(queue.count(false), 0);
});

test('merges a request into a full pass that reads, and replaces one that has read, which ends with it', () => {
  const { passes } = memory();
  assert.equal(passes.request(), 'begun');
  const first = passes.open()!;
  passes.start(first.id, 0);
  assert.equal(passes.request(), 'merged');
  assert.equal(passes.open()!.id, first.id);
  passes.read(first.id);
  assert.equal(passes.request(), 'begun');
  const second = passes.open()!;
  assert.notEqual(second.id, first.id);
  passes.read(second.id);
  passes.complete(second.id);
  assert.equal(passes.open(), undefined);
  assert.equal(passes.request(), 'begun');
});

test('keeps events for the given time', async () => {
  const DAY_MS = 86_400_000;
  const clock = new HandClock();
  const db = new Database(':memory:', clock);
  const events = new Events(db, log);
  events.add('started', null, 'starts');
  await clock.pass(7 * DAY_MS);
  events.prune(7 * 86_400);
  assert.equal(events.last(10).length, 1);
  await clock.pass(1);
  events.prune(7 * 86_400);
  assert.equal(events.last(10).length, 0);
});

test('finds a user by every name that people use for them', () => {
  const { space } = memory();
  space.put(
    {
      guid: '00000000-0000-4000-8000-000000000001',
      anchor: 'AAAA==',
      dn: 'CN=Doe\\, Jane,DC=x',
      objectClasses: ['user'],
      attributes: { sAMAccountName: 'Jane', userPrincipalName: 'jane@x' },
      deleted: false,
      scopeReason: undefined,
      desiredDigest: 'd',
    },
    1,
  );
  for (const name of [
    'jane',
    'JANE@x',
    'AAAA==',
    'cn=doe\\, jane,dc=x',
    '00000000-0000-4000-8000-000000000001',
  ])
    assert.equal(space.find(name)?.anchor, 'AAAA==', name);
  assert.equal(space.find('joe'), undefined);
});

test('keeps holding deletions that a previous release held, whatever the threshold is now', t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const before = new DatabaseSync(join(folder, 'connect.db'));
  before.function('bucket_of', { deterministic: true }, anchor => String(anchor).length);
  const steps = MIGRATIONS.findIndex(step => step.includes('bulk_held'));
  for (const migration of MIGRATIONS.slice(0, steps)) before.exec(migration);
  before.exec(`PRAGMA user_version = ${steps};
    INSERT INTO connector_space (connector, guid, anchor, dn, object_classes, attributes, exported_digest)
      VALUES ('c', 'g', 'anchor of g', 'CN=g', '[]', '{}', 'd'), ('other', 'h', 'anchor of h', 'CN=h', '[]', '{}', 'd');
    INSERT INTO cursor VALUES ('c', 'deletes-suppressed', '1')`);
  before.close();
  const store = openStore(folder, log);
  const { bulk } = connectorStore(store, 'c');
  const held = (scope: string) => bulk.held({ scope, operation: 'delete', kind: 'user' });
  assert.deepEqual([held('c'), held('other')], [[{ anchor: 'anchor of g', change: 'g' }], []]);
  store.close();
});

test("treats a previous release's objects as users, and adds groups without changing heads", t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const before = new DatabaseSync(join(folder, 'connect.db'));
  before.function('bucket_of', { deterministic: true }, anchor => bucketOf(String(anchor)));
  const steps = MIGRATIONS.findIndex(step => step.includes('CREATE TABLE membership'));
  for (const migration of MIGRATIONS.slice(0, steps)) before.exec(migration);
  before.exec(`PRAGMA user_version = ${steps};
    INSERT INTO connector_space (connector, guid, anchor, dn, object_classes, attributes, desired_digest, exported_digest, exported_sequence)
      VALUES ('c', 'g', 'anchor of g', 'CN=g', '[]', '{"objectSid":"S-1-5-21-1-2-3-1001"}', 'd', 'd', 7)`);
  before.close();
  const store = openStore(folder, log);
  const { space, groups, heads, lists, slices } = connectorStore(store, 'c');
  assert.deepEqual([space.get('g')?.exportedSequence, groups.get('g'), groups.count()], [7, undefined, 0]);
  const head = heads.summary();
  assert.equal(head.accounts, 1);
  const group = { guid: 'h', anchor: 'anchor of h', dn: 'CN=h', objectClasses: ['group'], attributes: {} };
  groups.put({ ...group, deleted: false, scopeReason: undefined, desiredDigest: 'd' }, 1);
  groups.acknowledgeExport('h', 'd', 9);
  const { id } = lists.begin('h', 1105);
  slices.acknowledge({ group: id, prefix: '', dirty: 1 }, 10);
  assert.deepEqual([space.count(), space.get('h'), groups.countExported()], [1, undefined, 1]);
  assert.deepEqual(heads.summary(), head);
  assert.deepEqual([...heads.entries(bucketOf('anchor of h'))], []);
  groups.put({ ...group, guid: 'g', deleted: false, scopeReason: undefined, desiredDigest: 'e' }, 1);
  assert.deepEqual([groups.get('g'), space.get('g')?.anchor], [undefined, 'anchor of g'], 'a user stays one');
  store.close();
});

test("gives an event its row's number and level, and does not store one that is only logged", () => {
  const lines: string[] = [];
  const events = new Events(
    new Database(':memory:', new HandClock()),
    createLog('test', { write: line => void lines.push(line) }),
  );
  events.add('retryQueued', 'corp', 'put in the queue');
  events.tell('retryTaken', 'corp', 'taken from it');
  assert.deepEqual(
    events.last(10).map(({ eventId, level, text }) => [eventId, level, text]),
    [[EVENTS.retryQueued.id, 'warn', 'put in the queue']],
  );
  assert.deepEqual(
    lines.map(line => JSON.parse(line).eventId),
    [605, 606],
  );
});

test('describes in a sentence when each event is added', () => {
  for (const [name, { id, when, original }] of Object.entries(EVENTS)) {
    assert.ok(Number.isInteger(id), name);
    assert.match(when, /^[A-Z].*\.$/, name);
    assert.ok(original, name);
  }
});
