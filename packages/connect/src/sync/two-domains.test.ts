import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ACCEPTED_RECORDS } from '@causeway/contract';
import { peekHead } from '@causeway/records';
import { eventually, HandClock } from '@causeway/service/testing';
import { ConnectPlace } from '../testing/connect-place.ts';
import type { ForestPerson } from '../testing/forest-person.ts';
import { moveGroup, movePerson } from '../testing/move-objects.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { ScriptedForest } from '../testing/scripted-forest.ts';
import type { Connector } from './connector.ts';

const FOREST = 'corp.example.com';
const EMEA = `emea.${FOREST}`;

let folder: string;
let clock: HandClock;
let peer: ProvisioningPeer;
/** The forest's root, and another domain of it. */
let root: ScriptedForest;
let emea: ScriptedForest;
let place: ConnectPlace;
let ofRoot: Connector;
let ofEmea: Connector;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-two-domains-'));
  clock = new HandClock();
  peer = await ProvisioningPeer.listen();
  Object.assign(peer, { compares: true, accepts: ACCEPTED_RECORDS, domainAccepts: ACCEPTED_RECORDS });
  root = await ScriptedForest.listen(FOREST, clock);
  emea = await ScriptedForest.listen(FOREST, clock, 'S-1-5-21-4-5-6', EMEA);
  place = new ConnectPlace(join(folder, 'state'), peer.url, [root, emea], clock);
  await place.enrol('a-code');
  await start();
});

afterEach(async () => {
  await place.stop();
  await Promise.all([peer.close(), root.close(), emea.close()]);
  rmSync(folder, { recursive: true });
});

async function start(): Promise<void> {
  await place.start();
  [ofRoot, ofEmea] = place.connectors as [Connector, Connector];
}

/** Turns of the service, each one head later. */
async function turn(times = 1): Promise<void> {
  for (let n = 0; n < times; n++) {
    await clock.pass(10_000);
    await place.turn();
  }
}

const cycle = (...connectors: Connector[]) => clock.during(place.cycle(connectors));
const head = () => peekHead(peer.heads.get(FOREST)!)!;
const hireMany = (domain: ScriptedForest, count: number) =>
  Array.from({ length: count }, (_, n) =>
    domain.hire(`${domain === root ? 'root' : 'emea'}${n}`, `Pass-${n}!`),
  );

/** Checks that the tenant has the user as the domain has them, with the newest password. */
function isThere(person: ForestPerson): void {
  const user = peer.users.get(person.anchor);
  assert.equal(user?.object.onPremisesSecurityIdentifier, person.sid);
  assert.equal(user.object.accountEnabled, true);
  const { version, originatingInvocationId } = user.credential!.passwordOrder;
  assert.deepEqual(
    { version, originatingInvocationId },
    { version: person.version, originatingInvocationId: person.setBy },
  );
}

/** How many deletions the tenant received. */
const deletions = (): number =>
  peer
    .requestsTo('/api/v1/sync/objects')
    .reduce((sum, { body }) => sum + body.split('"operation":"delete"').length - 1, 0);

test('signs one head for a forest of two domains, and treats no user of one as a stranger in the other', async () => {
  const people = [...hireMany(root, 20), ...hireMany(emea, 20)];
  const [group, other] = [root.groups.make('admins', { scope: 'universal' }), emea.groups.make('staff')];
  root.groups.add(group, people[30]!);
  emea.groups.add(other, people[31]!);
  await turn(4);
  for (const person of people) isThere(person);
  assert.deepEqual([...peer.heads.keys()], [FOREST]);
  const { accounts, groups, slices } = head();
  assert.deepEqual([accounts, groups, slices], [40, 2, 2]);
  assert.deepEqual(peer.membersOf(group.anchor), [people[30]!.sid], 'of another domain: by SID');
  assert.deepEqual(peer.membersOf(other.anchor), [people[31]!.anchor]);
  assert.equal(deletions(), 0);
  for (const { context } of place.connectors) {
    assert.equal(context.store.strangers.count(), 0);
    assert.equal(context.store.saidAnew.lastDay().said, 0);
  }
  emea.delete(people[39]!);
  await turn();
  assert.equal(head().accounts, 39);
});

test('sends no head before both domains were read, and keeps exporting the domain whose controller answers', async () => {
  const [one] = [root.hire('one', 'Pass-1!'), emea.hire('two', 'Pass-2!')];
  await turn(2);
  await place.stop();
  peer.heads.clear();
  await start();
  const { ldap, poll } = ofEmea.controller;
  const down = () => Promise.reject(new Error('nobody answers'));
  Object.assign(ofEmea.controller, { ldap: down, poll: down, namingContext: down });
  await assert.rejects(cycle(ofEmea));
  root.setPassword(one, 'Pass-3!');
  const three = root.hire('three', 'Pass-4!');
  const forest = ofRoot.context.domains[0]!;
  assert.equal(forest, ofRoot.context);
  for (let n = 0; n < 3; n++) {
    await clock.pass(10_000);
    await cycle(ofRoot);
    await clock.during(place.compareAndSay());
  }
  isThere(one);
  isThere(three);
  assert.equal(peer.heads.size, 0, 'nobody knows whether emea is as the tenant has it');
  Object.assign(ofEmea.controller, { ldap, poll, namingContext: async () => emea.namingContext });
  await turn(2);
  assert.equal(head().accounts, 3);
});

test("signs users of one domain whom a tenant withholds again, by that domain's connector", async () => {
  const [ours, theirs] = [hireMany(root, 5), hireMany(emea, 5)];
  await turn(2);
  const before = new Map([...peer.users].map(([anchor, { object }]) => [anchor, object.sequence]));
  const hidden = new Set(theirs.map(({ anchor }) => anchor));
  peer.lines = () => peer.ownLines().filter(({ sourceAnchor }) => !hidden.has(sourceAnchor));
  await turn();
  for (const { anchor } of theirs) assert.ok(peer.users.get(anchor)!.object.sequence > before.get(anchor)!);
  for (const { anchor } of ours) assert.equal(peer.users.get(anchor)!.object.sequence, before.get(anchor));
  assert.equal(ofEmea.context.store.saidAnew.lastDay().said, 5);
  assert.equal(deletions(), 0);
});

test('searches all domains for a stranger, and none while one of them does not answer', async () => {
  const [, inEmea] = [root.hire('one', 'Pass-1!'), emea.hire('two', 'Pass-2!')];
  await turn(2);
  const gone = emea.hire('gone', 'Pass-3!');
  await turn();
  // Connect loses what it knew of emea: the tenant and the directory have a user whom Connect does not know.
  const { db } = ofEmea.context.store;
  emea.forget(gone);
  gone.deleted = true;
  db.run('DELETE FROM connector_space WHERE connector = ?', EMEA);
  const { ldap } = ofEmea.controller;
  let asked = 0;
  ofEmea.controller.ldap = () => Promise.reject(new Error(`nobody answers ${++asked}`));
  for (let n = 0; n < 3; n++) {
    await clock.pass(10_000);
    await clock.during(place.compareAndSay());
    assert.equal(ofRoot.context.store.strangers.count(), 2);
  }
  assert.deepEqual([asked, ofEmea.lastError, ofRoot.lastError], [1, 'nobody answers 1', null]);
  ofEmea.controller.ldap = ldap;
  ofEmea.context.store.cursors.set('last-error', undefined);
  await clock.pass(10_000);
  await clock.during(place.compareAndSay());
  await cycle(ofRoot);
  assert.equal(peer.users.has(gone.anchor), false, 'in no directory');
  assert.equal(peer.users.has(inEmea.anchor), true, 'in that of emea');
});

for (const [what, first, second] of [
  ['the old domain reports it first', () => ofRoot, () => ofEmea],
  ['the new domain reports it first', () => ofEmea, () => ofRoot],
] as const)
  test(`keeps a user who moved to another domain: ${what}`, async () => {
    const person = root.hire('mover', 'Pass-1!');
    for (let n = 2; n < 6; n++) root.setPassword(person, `Pass-${n}!`);
    const everywhere = root.groups.make('everywhere', { scope: 'universal' });
    const local = emea.groups.make('local', { scope: 'domainLocal' });
    root.groups.add(everywhere, person);
    emea.groups.add(local, person);
    await turn(3);
    assert.deepEqual(peer.membersOf(everywhere.anchor), [person.anchor]);
    assert.deepEqual(peer.membersOf(local.anchor), [person.sid]);
    const moved = movePerson(root, emea, person);
    await cycle(first());
    await cycle(second());
    await turn(3);
    isThere(moved);
    assert.deepEqual(peer.membersOf(everywhere.anchor), [moved.sid], 'of another domain now');
    assert.deepEqual(peer.membersOf(local.anchor), [moved.anchor], 'of its own');
    assert.equal(head().accounts, 1);
    emea.setPassword(moved, 'Pass-new!');
    await turn();
    isThere(moved);
    const back = movePerson(emea, root, moved);
    await cycle(second());
    await cycle(first());
    await turn(3);
    isThere(back);
    assert.equal(head().accounts, 1);
    root.delete(back);
    await turn();
    assert.equal(peer.users.size, 0, 'who is in no domain any more is gone');
  });

for (const [what, first, second] of [
  ['the old domain reports it first', () => ofRoot, () => ofEmea],
  ['the new domain reports it first', () => ofEmea, () => ofRoot],
] as const)
  test(`keeps a group that moved to another domain, with its members: ${what}`, async () => {
    const [one, two] = [root.hire('one', 'Pass-1!'), emea.hire('two', 'Pass-2!')];
    const above = root.groups.make('above', { scope: 'universal' });
    const group = root.groups.make('mover', { scope: 'universal' });
    for (const member of [one, two]) root.groups.add(group, member);
    root.groups.add(above, group);
    await turn(3);
    assert.deepEqual(peer.membersOf(above.anchor), [group.anchor]);
    const moved = moveGroup(root, emea, group);
    await cycle(first());
    await cycle(second());
    await turn(3);
    assert.equal(peer.groups.groups.get(group.anchor)?.group.objectSid, moved.sid);
    assert.deepEqual(peer.membersOf(group.anchor), [one.sid, two.anchor].sort());
    assert.deepEqual(peer.membersOf(above.anchor), [moved.sid]);
    const back = moveGroup(emea, root, moved);
    await cycle(second());
    await cycle(first());
    await turn(3);
    assert.equal(peer.groups.groups.get(group.anchor)?.group.objectSid, back.sid);
    assert.deepEqual(peer.membersOf(group.anchor), [one.anchor, two.sid].sort());
    assert.deepEqual(peer.membersOf(above.anchor), [back.anchor]);
    assert.deepEqual([head().groups, head().slices], [2, 2]);
    for (const { context } of place.connectors) assert.equal(context.store.saidAnew.lastDay().said, 0);
  });

for (const [what, first, second] of [
  ['the old domain reports it first', () => ofRoot, () => ofEmea],
  ['the new domain reports it first', () => ofEmea, () => ofRoot],
] as const)
  test(`removes a user who moved out of scope, and brings them back with the scope: ${what}`, async () => {
    await place.restart({ conditions: { user: '(!(adminDescription=Elsewhere))' } });
    [ofRoot, ofEmea] = place.connectors as [Connector, Connector];
    const person = root.hire('mover', 'Pass-1!');
    const stays = root.hire('stays', 'Pass-1!');
    await turn(3);
    isThere(person);
    const moved = movePerson(root, emea, person);
    emea.change(moved, { adminDescription: 'Elsewhere' });
    await cycle(first());
    await cycle(second());
    await turn(3);
    assert.deepEqual([...peer.users.keys()], [stays.anchor]);
    assert.equal(head().accounts, 1);
    emea.change(moved, { adminDescription: undefined });
    await turn(3);
    isThere(moved);
    const back = movePerson(emea, root, moved);
    await cycle(second());
    await cycle(first());
    await turn(3);
    isThere(back);
    assert.equal(head().accounts, 2);
    for (const { context } of place.connectors) assert.equal(context.store.strangers.count(), 0);
  });

test("does not restore a moved user's old state from a domain controller that has not heard of the move", async () => {
  const person = root.hire('mover', 'Pass-1!');
  await turn(2);
  const moved = movePerson(root, emea, person);
  Object.assign(person, { deleted: false }); // this domain controller has not received the tombstone yet
  await cycle(ofEmea);
  isThere(moved);
  root.change(person, { enabled: false });
  root.setPassword(person, 'Pass-2!');
  await cycle(ofRoot);
  isThere(moved);
  assert.equal(
    place.status(person.anchor).connector,
    EMEA,
    'who asks is told of the one that the tenant has',
  );
  await turn(3);
  isThere(moved);
  assert.equal(head().accounts, 1);
  root.delete(person);
  await turn(2);
  isThere(moved);
  assert.equal(deletions(), 0);
});

for (const [what, isReadBetween] of [
  ['before the first domain was read', false],
  ['after the first domain was read without them', true],
] as const)
  test(`gives a user who returned from another domain the new SID and password: ${what}`, async () => {
    const person = root.hire('mover', 'Pass-1!');
    for (let n = 2; n < 6; n++) root.setPassword(person, `Pass-${n}!`);
    await turn(2);
    const moved = movePerson(root, emea, person);
    if (isReadBetween) await cycle(ofRoot);
    const back = movePerson(emea, root, moved);
    await cycle(ofRoot);
    await turn(2);
    isThere(back);
    root.setPassword(back, 'Pass-new!');
    await turn();
    isThere(back);
    assert.equal(peer.users.size, 1);
  });

test('stops holding deletions when the users all appear in another domain', async () => {
  const people = hireMany(root, 30);
  await turn(2);
  const moved = people.slice(0, 20).map(person => movePerson(root, emea, person));
  await cycle(ofRoot);
  assert.equal(peer.users.size, 30, 'too many at once');
  await turn(3);
  for (const person of moved) isThere(person);
  assert.equal(deletions(), 0);
  assert.equal(place.approve(), 0, 'nothing waits');
  assert.equal(head().accounts, 30);
});

test('counts heads from the start when a domain is no longer read, or is read again', async () => {
  hireMany(root, 3);
  hireMany(emea, 15);
  await turn(2);
  assert.equal(head().accounts, 18);
  await place.stop();
  const alone = new ConnectPlace(join(folder, 'state'), peer.url, [root], clock);
  await alone.start();
  for (let n = 0; n < 3; n++) {
    await clock.pass(10_000);
    await alone.turn();
  }
  assert.equal(head().accounts, 3);
  assert.equal(peer.users.size, 18, 'so many deletions wait for an administrator');
  await alone.stop();
  await start();
  await turn(2);
  assert.equal(head().accounts, 18);
  assert.equal(place.approve(), 0);
});

test('deletes no user whom the tenant has not accepted from the new domain yet', async () => {
  const person = root.hire('mover', 'Pass-1!');
  await turn(2);
  const moved = movePerson(root, emea, person);
  peer.judge = () => ({ verdict: 'retry', reason: 'not now' });
  await cycle(ofEmea);
  peer.judge = () => undefined;
  await cycle(ofRoot);
  assert.equal(peer.users.has(person.anchor), true);
  assert.equal(deletions(), 0);
  assert.equal(head().accounts, 1, 'as it was acknowledged');
  await turn(2);
  isThere(moved);
});

test('does not search for a user whom the tenant accepted although its answer was lost', async () => {
  await turn(2);
  const person = emea.hire('one', 'Pass-1!');
  await ofEmea.poll();
  peer.misbehave = path => (path === '/api/v1/sync/objects' ? 'done but lost' : undefined);
  await assert.rejects(cycle(ofEmea));
  peer.misbehave = () => undefined;
  await clock.pass(10_000);
  await clock.during(place.compareAndSay());
  assert.equal(peer.users.has(person.anchor), true);
  assert.equal(ofRoot.context.store.strangers.count(), 0);
});

test('does not compare while a connector of the forest is in a cycle, and lets no connector wait for another', async () => {
  await turn(2);
  const compared = () => peer.requestsTo('/api/v1/sync/compare').length;
  const before = compared();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cycling = ofEmea.betweenCycles(() => promise);
  const person = root.hire('one', 'Pass-1!');
  await clock.pass(10_000);
  await cycle(ofRoot);
  await clock.during(place.compareAndSay());
  isThere(person);
  assert.equal(compared(), before);
  resolve();
  await cycling;
  await clock.during(place.compareAndSay());
  assert.equal(compared(), before + 1);
});

test('as parallel services, exports both domains, and delays neither when a domain controller is down', async () => {
  const [one, two] = [root.hire('one', 'Pass-1!'), emea.hire('two', 'Pass-2!')];
  const end = place.run();
  const comes = (what: string, isSo: () => boolean) =>
    eventually(
      what,
      async () => {
        await clock.pass(250);
        return isSo();
      },
      { lookMs: 5 },
    );
  const has = (person: ForestPerson) =>
    peer.users.get(person.anchor)?.credential?.passwordOrder.version === person.version;
  await comes('both people', () => has(one) && has(two));
  await comes('a head of both', () => peer.heads.has(FOREST) && head().accounts === 2);
  const { ldap, poll } = ofEmea.controller;
  const down = () => Promise.reject(new Error('nobody answers'));
  Object.assign(ofEmea.controller, { ldap: down, poll: down });
  const three = emea.hire('three', 'Pass-3!');
  root.setPassword(one, 'Pass-4!');
  await comes('the change of the root', () => has(one));
  const compared = peer.marks.length;
  await comes('another comparison', () => peer.marks.length > compared);
  assert.equal(has(three), false);
  Object.assign(ofEmea.controller, { ldap, poll });
  await comes('emea again', () => has(three));
  await comes('a head of all', () => head().accounts === 3);
  const moved = movePerson(root, emea, one);
  await comes('who moved', () => {
    const user = peer.users.get(moved.anchor);
    return user?.object.onPremisesSecurityIdentifier === moved.sid && has(moved);
  });
  await end();
});
