import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import type { ForestPerson } from '@causeway/connect/testing';
import { HostileTenant } from './hostile-tenant.ts';
import { settle } from './settle.ts';
import { type Moment, PARTS, World } from './world.ts';

// The histories that the design of convergence answers, by number. A head stands for a day here.

const world = await World.make();
after(() => world.close());

let people: ForestPerson[];
let monday: Moment;

const NAMES = ['ann', 'bob', 'cid', 'dot', 'eve'];

beforeEach(async () => {
  await world.begin();
  people = NAMES.map(name => world.forest.hire(name, `Made.Up.${name}1`));
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
  monday = await world.moment();
});

const [ann, bob, cid, dot] = [0, 1, 2, 3].map(n => () => people[n]!) as [
  () => ForestPerson,
  () => ForestPerson,
  () => ForestPerson,
  () => ForestPerson,
];
const accountOf = ({ anchor }: ForestPerson) => world.domain.accounts().find(one => one.anchor === anchor);
const alarmsOfDomain = () => world.domain.arrivals().map(({ alarm }) => alarm?.kind);

/** Tuesday: one user is disabled, one leaves, one gets another password, one is hired. */
async function tuesday(): Promise<ForestPerson> {
  const { forest } = world;
  forest.change(ann(), { enabled: false });
  forest.delete(bob());
  forest.setPassword(cid(), 'Made.Up.cid2');
  const fay = forest.hire('fay', 'Made.Up.fay1');
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
  return fay;
}

/** Asserts that every place matches the forest within a minute or two, without asking an administrator. */
async function comesBack(turns = 6): Promise<void> {
  const took = await settle(world);
  assert.ok(took.turns <= turns, `${took.turns} turns`);
}

test('1: a tenant that replays Monday to a Connect and a managed domain of Monday is named, blocked, and raises an alarm', async () => {
  const hostile = new HostileTenant(world);
  await world.lose(['ledger'], undefined); // the tenant shows the whole feed once more
  await world.quiet();
  monday = await world.moment();
  world.forest.delete(bob());
  hostile.begin({ people: new Set([bob().anchor]) }, true);
  await world.quiet();
  await world.lose(['connect', 'ledger', 'directory'], monday);
  await world.turns(16);
  assert.equal(accountOf(bob())?.enabled, true, 'brought back');
  const named = world.connect.arrival();
  assert.equal(named.state, 'differs');
  assert.deepEqual(
    named.missing.map(({ sourceAnchor, what, reason }) => [sourceAnchor, what, reason]),
    [
      [
        bob().anchor,
        'not deleted',
        'deleted here, still in the managed domain; the tenant withholds the deletion',
      ],
    ],
  );
  assert.deepEqual(alarmsOfDomain(), ['differs']);
  await world.domain.block('bob');
  assert.equal(accountOf(bob())?.enabled, false);
  await world.turns(3);
  assert.equal(accountOf(bob())?.enabled, false, 'whatever the tenant relays');
});

test('2: a managed domain that alone returns to Monday matches the forest within two heads', async () => {
  await tuesday();
  await world.lose(['ledger', 'directory'], monday);
  assert.equal(accountOf(bob())?.enabled, true);
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
});

test('3: a tenant that returns to Monday gets what came since', async () => {
  await tuesday();
  await world.lose(['tenant'], monday);
  assert.equal((await world.differences()).length, 4);
  await comesBack();
});

test('4: an emptied Connect learns who was deleted meanwhile', async () => {
  await tuesday();
  await world.connect.stop();
  world.forest.delete(cid());
  world.forest.forget(cid());
  world.forest.change(dot(), { enabled: false });
  await world.lose(['connect'], undefined);
  await comesBack();
});

test('5: an account left only in the managed domain is deleted', async () => {
  const gus = world.forest.hire('gus', 'Made.Up.gus1');
  await world.quiet();
  assert.ok(accountOf(gus));
  await world.lose(['connect', 'tenant'], monday);
  world.forest.delete(gus);
  world.forest.forget(gus);
  await comesBack(8);
  assert.equal(accountOf(gus), undefined);
});

test('6: all places recover from one nightly backup', async () => {
  await tuesday();
  await world.lose(PARTS, monday);
  assert.equal((await world.differences()).length, 8);
  await comesBack();
});

test('7: a new ledger finds its users in the directory with their SIDs, and the blocked ones stay blocked', async () => {
  await world.domain.block('ann');
  const before = new Map(world.domain.accounts().map(({ anchor, guid }) => [anchor, guid]));
  await world.lose(['ledger'], undefined);
  assert.equal(accountOf(ann())?.enabled, false);
  await world.quiet();
  assert.equal(accountOf(ann())?.enabled, false);
  assert.deepEqual(new Map(world.domain.accounts().map(({ anchor, guid }) => [anchor, guid])), before);
  assert.deepEqual(
    world.differencesOfDomain().map(({ anchor }) => anchor),
    [ann().anchor],
  );
});

test('8: an older directory is closed before it serves, and written again', async () => {
  const fay = await tuesday();
  await world.domain.stop();
  await world.domain.takeBack({ samba: { of: monday.directory } });
  assert.equal(accountOf(ann())?.enabled, true);
  await world.domain.start();
  for (const closed of [ann(), bob()]) assert.equal(accountOf(closed)?.enabled, false, closed.name);
  await comesBack();
  assert.ok(accountOf(fay));
});

test('9: a kill between the ledger and the directory does not count as a restore', async () => {
  const { domain } = world;
  const { samba } = domain;
  await domain.stop();
  const put = samba.putGeneration;
  samba.putGeneration = () => Promise.reject(new Error('killed here'));
  await assert.rejects(domain.start(), { message: 'killed here' });
  samba.putGeneration = put;
  await domain.start();
  assert.deepEqual(domain.reunions(), []);
  await world.lose(['directory'], monday);
  assert.deepEqual(domain.reunions(), ['the directory is older']);
});

test('10: a Connect whose state and clock are behind continues above what the managed domain believed', async () => {
  for (const behind of [10 * 60_000, 365 * 86_400_000]) {
    await world.begin();
    people = NAMES.map(name => world.forest.hire(name, `Made.Up.${name}1`));
    await world.quiet();
    monday = await world.moment();
    await tuesday();
    await world.lose(['connect'], monday);
    const { clock } = world.connect;
    clock.set(clock.now() - behind);
    world.forest.change(dot(), { enabled: false });
    await comesBack(10);
    clock.set(world.tenant.clock.now());
  }
});

test('10: a clock that ran a year ahead before the loss delays nothing, at Connect and at Domain Services', async () => {
  for (const place of [world.connect, world.domain]) {
    const { clock } = place;
    clock.set(clock.now() + 365 * 86_400_000);
    world.forest.change(dot(), { enabled: !dot().enabled });
    await world.turns(3);
    clock.set(world.tenant.clock.now());
    await world.lose(place === world.connect ? ['connect'] : ['ledger'], monday);
    world.forest.setPassword(cid(), `Made.Up.after.${clock.now()}`);
    await comesBack(12);
  }
});

test('11: two copies of one machine started from a snapshot stay within the budget, and every place matches the forest', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-copy-'));
  const copy = world.connect.copyTo(folder);
  await copy.start();
  const signed = new Set<number>();
  const bothRun = async (times: number, milliseconds?: number) => {
    for (let i = 0; i < times; i++) {
      await world.turn(milliseconds);
      await copy.turn();
      for (const one of [world.connect, copy]) signed.add(lineOf(cid(), one).credentialSequence);
    }
  };
  world.forest.change(ann(), { enabled: false });
  world.forest.delete(bob());
  world.forest.setPassword(cid(), 'Made.Up.cid2');
  await bothRun(3);
  assert.deepEqual(await world.differences(), []);
  await bothRun(50, 60_000);
  assert.deepEqual(await world.differences(), []);
  assert.equal(world.connect.arrival().state, 'complete');
  // Each signs its own once, and again at once, after one minute and after five.
  assert.ok(signed.size > 2 && signed.size <= 9, `the password was signed ${signed.size} times`);
  await copy.stop();
  rmSync(folder, { recursive: true });
  world.forest.setPassword(dot(), 'Made.Up.dot2');
  await comesBack();
});

test('14: a tenant that lies about a bucket at every head has each user signed four times a day, and raises an alarm', async () => {
  world.lie = (_method, path, answer) =>
    path === '/api/v1/sync/lines'
      ? {
          ...(answer as object),
          lines: (answer as { lines: { accountSequence: number }[] }).lines.map(line => ({
            ...line,
            accountSequence: line.accountSequence - 1,
          })),
        }
      : path === '/api/v1/sync/compare'
        ? { ...(answer as object), differing: Array.from({ length: 256 }, (_, n) => n) }
        : undefined;
  const before = lineOf(ann()).accountSequence;
  const sequences = new Set([before]);
  for (const minutes of [...Array(12).fill(1), ...Array(16).fill(10)]) {
    await world.turn(minutes * 60_000);
    sequences.add(lineOf(ann()).accountSequence);
  }
  assert.equal(sequences.size - 1, 4, 'at once, after 1, 5 and 60 minutes');
  assert.ok(world.connect.alarms().some(text => text.includes('signed anew and sent several times')));
  world.lie = undefined;
  await comesBack();
});

const lineOf = ({ guid }: ForestPerson, connect = world.connect) =>
  connect.connector.context.store.heads.line(guid)!;

test('14: a tenant that invents users delays nobody who leaves', async () => {
  const invented = Array.from({ length: 501 }, () =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64'),
  );
  world.lie = (_method, path, answer) => {
    if (path === '/api/v1/sync/compare')
      return { ...(answer as object), differing: Array.from({ length: 256 }, (_, n) => n) };
    if (path !== '/api/v1/sync/lines') return undefined;
    const { lines } = answer as { lines: { sourceAnchor: string }[] };
    const more = invented.map(sourceAnchor => ({
      ...{ sourceAnchor, accountSequence: 5, credentialSequence: 0, passwordOrder: null, withdrawn: false },
    }));
    const all = [...lines, ...more].sort((a, b) => (a.sourceAnchor < b.sourceAnchor ? -1 : 1));
    return { lines: all, more: false };
  };
  await world.turns(15);
  world.forest.delete(bob());
  await world.quiet();
  assert.equal(accountOf(bob()), undefined);
  assert.equal(
    (await world.atTenant()).some(({ anchor }) => anchor === bob().anchor),
    false,
  );
});

test('15: a restart signs heads even while password sync is off', async () => {
  const { connector } = world.connect;
  await connector.setPasswordSync(false);
  await world.connect.stop();
  await world.connect.start();
  world.forest.change(ann(), { enabled: false });
  await world.turns(3);
  assert.equal(world.connect.arrival().state, 'complete');
  await world.connect.connector.setPasswordSync(true);
});

test('16: 600 held deletions raise no alarm of withholding', async () => {
  const many = Array.from({ length: 600 }, (_, n) => world.forest.hire(`many${n}`, 'Made.Up.many1'));
  await world.turns(4);
  assert.deepEqual(await world.differences(), []);
  for (const one of many) world.forest.delete(one);
  await world.turns(12);
  assert.notEqual(world.connect.arrival().state, 'differs');
  assert.deepEqual(alarmsOfDomain(), [undefined]);
  assert.ok(accountOf(many[0]!), 'held');
  world.connect.approve();
  await world.quiet();
  world.domain.approve();
  await comesBack();
});

test('17: a tenant that was restored and caught up while Domain Services was down is read to its end', async () => {
  await tuesday();
  await world.domain.stop();
  await world.lose(['tenant'], monday);
  for (let i = 0; i < 6; i++) await world.turn(undefined, ['connect']);
  world.forest.change(dot(), { enabled: false });
  for (let i = 0; i < 6; i++) await world.turn(undefined, ['connect']);
  await world.domain.start();
  await comesBack();
});

test('18: a Connect that was away for longer than tombstones live learns who was deleted meanwhile', async () => {
  const DAY = 24 * 3_600_000;
  const gus = world.forest.hire('gus', 'Made.Up.gus1');
  await world.quiet();
  const back = await world.moment();
  await world.turn(20 * DAY);
  world.forest.delete(gus);
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
  await world.connect.stop();
  world.forest.delete(bob());
  await world.turn(60 * DAY, ['domain']);
  for (const one of [bob(), gus]) world.forest.forget(one);
  await world.connect.start();
  await comesBack();
  await world.lose(['connect', 'tenant'], back);
  assert.ok((await world.atTenant()).some(({ anchor }) => anchor === gus.anchor));
  await comesBack();
});

// Last, because it stays with the forest that an administrator accepted it.
test('13: what a restored forest would open waits for one command, and a later reset that must be changed counts', async () => {
  const { forest } = world;
  const before = forest.snapshot();
  await tuesday();
  forest.takeBack(before);
  await world.turns(3);
  const open = world.inDomain().filter(({ enabled, password }) => enabled && password !== undefined);
  assert.ok(
    !open.some(({ anchor }) => anchor === ann().anchor || anchor === bob().anchor),
    'nobody is opened',
  );
  assert.notEqual(world.inDomain().find(({ anchor }) => anchor === cid().anchor)?.password, 'Made.Up.cid1');
  await world.connect.acceptRestore();
  await comesBack();
  assert.deepEqual([ann().enabled, bob().deleted, cid().passwords.at(-1)], [true, false, 'Made.Up.cid1']);
  forest.setPassword(dot(), 'Made.Up.dot2', { mustChange: true });
  await comesBack();
  forest.setPassword(dot(), 'Made.Up.dot3');
  await comesBack();
});
