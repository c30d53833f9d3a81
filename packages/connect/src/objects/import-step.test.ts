import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { encodeSid } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { group, guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { ScriptedDirectory, type ScriptedObject } from '../testing/scripted-directory.ts';
import { importStep } from './import-step.ts';

const peer = await ProvisioningPeer.listen();
const directory = await ScriptedDirectory.listen();
after(() => Promise.all([peer.close(), directory.close()]));
beforeEach(() => {
  directory.asked.length = 0;
  for (const name of ['currentTime', 'tombstoneLifetime', 'msDS-DeletedObjectLifetime'])
    delete directory.self[name];
  Object.assign(directory.answers, { full: [], delta: [], whole: [] });
});

const NAMING_CONTEXT = 'DC=corp,DC=example,DC=com';

/** The n-th user as a full import brings it. */
function whole(n: number, more: Record<string, string | string[]> = {}): ScriptedObject {
  const { guid, dn, objectClasses, attributes } = person(n);
  const { objectSid, ...others } = attributes;
  return {
    guid,
    dn,
    objectSid: objectSid as string,
    attributes: { ...others, objectClass: objectClasses, ...more },
  };
}

/** What a delta says of the n-th user after a restore: no longer deleted, and the name. */
const restored = (n: number): ScriptedObject => ({
  guid: guidOf(n),
  dn: person(n).dn,
  attributes: { isDeleted: undefined },
});

async function run(context: ConnectorContext) {
  await using ldap = await directory.connect();
  return await importStep(context, ldap, NAMING_CONTEXT);
}

/** A connector that has imported these objects. */
async function importing(...objects: ScriptedObject[]): Promise<ConnectorContext> {
  const context = testContext(peer);
  directory.answers.full = objects;
  assert.equal((await run(context)).full, true);
  directory.asked.length = 0;
  return context;
}

test('reads a restored user whom Connect has forgotten whole before the cookie moves', async () => {
  const { store, ...context } = await importing();
  Object.assign(directory.answers, { delta: [restored(1)], whole: [whole(1)] });
  await run({ store, ...context });
  assert.deepEqual(directory.asked, ['delta', 'whole']);
  const found = store.space.get(guidOf(1))!;
  assert.equal(found.scopeReason, undefined);
  assert.equal(found.attributes.userPrincipalName, 'user1@corp.example.com');
});

test('drops every old value of a restored user that the directory does not have now', async () => {
  const context = await importing(whole(1, { title: 'Clerk' }));
  const { attributes, ...now } = whole(1);
  const { userPrincipalName: _, ...kept } = attributes!;
  Object.assign(directory.answers, { delta: [restored(1)], whole: [{ ...now, attributes: kept }] });
  await run(context);
  const found = context.store.space.get(guidOf(1))!;
  assert.deepEqual(
    [found.attributes.userPrincipalName, found.attributes.title, found.deleted],
    [undefined, undefined, false],
  );
});

test('treats a restored user as deleted if the directory no longer has them, and ignores an unknown one', async () => {
  const context = await importing(whole(1), whole(2));
  const gone = { ...whole(2), attributes: { isDeleted: 'TRUE' } };
  Object.assign(directory.answers, { delta: [restored(1), restored(2), restored(3)], whole: [gone] });
  await run(context);
  const { space } = context.store;
  assert.deepEqual([space.get(guidOf(1))!.deleted, space.get(guidOf(2))!.deleted], [true, true]);
  assert.equal(space.get(guidOf(1))!.desiredDigest, undefined);
  assert.equal(space.get(guidOf(3)), undefined);
});

test('does not read a user created since the last import a second time', async () => {
  const context = await importing();
  directory.answers.delta = [whole(1)];
  await run(context);
  assert.deepEqual(directory.asked, ['delta']);
  assert.ok(context.store.space.get(guidOf(1))!.desiredDigest);
});

test('keeps the cookie after a failed read, so that the same delta comes again', async () => {
  const context = await importing();
  const before = context.store.cursors.get('dirsync-cookie');
  Object.assign(directory.answers, { delta: [whole(2), restored(1)], whole: 'close' });
  await assert.rejects(run(context));
  assert.equal(context.store.cursors.get('dirsync-cookie'), before);
  directory.answers.whole = [whole(1)];
  await run(context);
  assert.ok(context.store.space.get(guidOf(1))!.desiredDigest);
});

test('starts a full import if more users were restored than are read one by one', async () => {
  const context = await importing();
  const all = Array.from({ length: 5_001 }, (_, n) => n);
  Object.assign(directory.answers, { delta: all.map(restored), full: all.slice(0, 3).map(n => whole(n)) });
  assert.equal((await run(context)).full, true);
  assert.deepEqual(directory.asked, ['delta', 'full']);
  assert.equal(context.store.space.countInScope(), 3);
});

test("rejects an object with another domain's SID and keeps what was known of it", async () => {
  const context = await importing(whole(1));
  context.store.pin.set({
    ...{ namingContext: NAMING_CONTEXT, forest: 'corp.example.com' },
    ...{ domainSid: 'S-1-5-21-1-2-3', domainGuid: guidOf(0xc0) },
  });
  const digest = context.store.space.get(guidOf(1))!.desiredDigest;
  const stranger = { objectSid: 'S-1-5-21-9-9-9-1105' };
  context.store.cursors.set('dirsync-cookie', undefined);
  directory.answers.full = [
    { ...whole(1, { title: 'Stranger' }), ...stranger },
    { ...whole(2), ...stranger },
  ];
  assert.equal((await run(context)).full, true);
  const { space, events } = context.store;
  assert.deepEqual([space.get(guidOf(1))!.desiredDigest, space.get(guidOf(1))!.deleted], [digest, false]);
  assert.equal(space.get(guidOf(2)), undefined);
  assert.match(
    events
      .last(5)
      .map(({ text }) => text)
      .join('\n'),
    /S-1-5-21-9-9-9-1105 is of another domain/,
  );
});

test('accepts a builtin group, which every domain has, but no user with such a SID', async () => {
  const context = await importing();
  context.store.pin.set({
    ...{ namingContext: NAMING_CONTEXT, forest: 'corp.example.com' },
    ...{ domainSid: 'S-1-5-21-1-2-3', domainGuid: guidOf(0xc0) },
  });
  context.store.cursors.set('dirsync-cookie', undefined);
  const builtin = { objectSid: 'S-1-5-32-544' };
  directory.answers.full = [
    { ...whole(1, { groupType: '-2147483643', objectClass: ['top', 'group'] }), ...builtin },
    { ...whole(2), ...builtin },
  ];
  await run(context);
  const { space, groups, events } = context.store;
  assert.equal(groups.get(guidOf(1))!.scopeReason, 'a builtin group');
  assert.equal(space.get(guidOf(2)), undefined);
  const strangers = events.last(9).filter(({ text }) => text.includes('another domain'));
  assert.equal(strangers.length, 1);
});

test('reads passwords of inetOrgPersons when the connector starts to send them', async () => {
  const context = testContext(peer);
  const inet = { ...person(1), objectClasses: [...person(1).objectClasses, 'inetOrgPerson'] };
  imported(context, inet, person(2));
  for (const n of [1, 2]) context.store.space.acknowledgeExport(guidOf(n), 'digest', n);
  Object.assign(directory.answers, { full: [] });
  await run(context);
  assert.equal(context.store.queue.due('password', 10).length, 0);
  imported(context, inet, person(2));
  await run({ ...context, connector: { ...context.connector, inetOrgPersonPasswords: true } });
  assert.deepEqual(
    context.store.queue.due('password', 10).map(({ guid }) => guid),
    [guidOf(1)],
  );
});

const DAY = 24 * 60 * 60_000;
const START = Date.parse('2026-01-05T06:00:00Z');
/** The domain controller's clock. */
const dcTime = (time: number) => {
  directory.self.currentTime = [`${new Date(time).toISOString().replaceAll(/[-:T]|\..*$/g, '')}.0Z`];
};

test('reads everything half a tombstone lifetime after the last import, and deletes users who do not come', async () => {
  for (const [lifetimes, limit] of [
    [{}, 30],
    [{ tombstoneLifetime: ['180'] }, 90],
    [{ tombstoneLifetime: ['180'], 'msDS-DeletedObjectLifetime': ['40'] }, 20],
    [{ tombstoneLifetime: ['1'] }, 1],
  ] as const) {
    Object.assign(directory.self, lifetimes);
    dcTime(START);
    const context = await importing(whole(1), whole(2));
    directory.answers.full = [whole(1)]; // the other user does not even have a tombstone any more
    const isGone = () => context.store.space.get(guidOf(2))!.deleted;
    dcTime(START + 0.99 * limit * DAY);
    assert.deepEqual([(await run(context)).full, isGone()], [false, false]);
    dcTime(START + 1.98 * limit * DAY);
    assert.deepEqual([(await run(context)).full, isGone()], [false, false], 'each import counts anew');
    dcTime(START + 2.99 * limit * DAY);
    assert.deepEqual([(await run(context)).full, isGone()], [true, true]);
    assert.match(context.store.events.last(1)[0]!.text, /^full import of .* \(cookie-too-old\)$/);
    assert.equal((await run(context)).full, false);
  }
});

test('treats a stored directory position without its time, from the previous release, as too old once', async () => {
  const context = await importing(whole(1), whole(2));
  dcTime(START);
  directory.answers.full = [whole(1)];
  assert.equal((await run(context)).full, true);
  assert.equal(context.store.space.get(guidOf(2))!.deleted, true);
  assert.equal((await run(context)).full, false);
});

/** The n-th group as the directory sends it. Changes of its members come as extended names. */
function wholeGroup(n: number, more: Record<string, string | string[]> = {}): ScriptedObject {
  const { guid, dn, objectClasses, attributes } = group(n);
  const { objectSid, cn: name, ...others } = attributes;
  const told = { ...others, name: name as string, objectClass: objectClasses, ...more };
  return { guid, dn, objectSid: objectSid as string, attributes: told };
}

const extended = (n: number): string =>
  `<GUID=${guidOf(n)}>;<SID=${Buffer.from(encodeSid(`S-1-5-21-1-2-3-${1000 + n}`)).toString('hex')}>;${person(n).dn}`;

test('imports groups with users, and reads added and removed members from a delta', async () => {
  const context = await importing(whole(1), whole(2), wholeGroup(500));
  const { space, groups, lists, members } = context.store;
  assert.deepEqual([space.countInScope(), groups.countInScope()], [2, 1]);
  assert.equal(groups.get(guidOf(500))!.attributes.cn, 'Group 500');
  const { id, guid } = lists.get(guidOf(500))!;
  const delta = (n: number, more: Record<string, string[]>): ScriptedObject => ({
    ...{ guid, dn: group(n).dn },
    attributes: more,
  });
  directory.answers.delta = [
    delta(500, { 'member;range=1-1': [extended(1), extended(2)], 'member;range=0-0': [] }),
  ];
  await run(context);
  const named = () => [...members.signed(id, '', 10).keys()].sort();
  assert.deepEqual(named(), [1, 2].map(n => space.get(guidOf(n))!.anchor).sort());
  directory.answers.delta = [delta(500, { 'member;range=0-0': [extended(1)] })];
  await run(context);
  assert.deepEqual(named(), [space.get(guidOf(2))!.anchor]);
});

test('keeps a user deleted and restored between two deltas only in the groups that the directory shows now', async () => {
  const context = await importing(whole(1), whole(2), wholeGroup(500), wholeGroup(501));
  const { store } = context;
  const [one, two] = [1, 2].map(n => store.space.get(guidOf(n))!.anchor) as [string, string];
  const [first, second] = [500, 501].map(n => store.lists.get(guidOf(n))!);
  for (const { id } of [first!, second!]) {
    store.members.add(id, [one, two]);
    store.lists.noteRead(id, Number.MAX_SAFE_INTEGER);
  }
  const delta = [
    restored(1),
    { ...wholeGroup(500), attributes: { isDeleted: undefined, 'member;range=1-1': [] } },
  ];
  Object.assign(directory.answers, { delta, whole: [whole(1), wholeGroup(500)] });
  await run(context);
  assert.deepEqual([...store.members.signed(second!.id, '', 10).keys()], [two], 'until its list is read');
  assert.deepEqual(store.lists.lookUps(10).sort(), [1, 500].map(guidOf));
  assert.deepEqual([...store.members.signed(first!.id, '', 10).keys()], []);
  assert.deepEqual(
    store.lists.due(0, 0, 10).map(({ guid }) => guid),
    [first!.guid],
    'what the delta said of its members is in its list',
  );
});

test('deletes a user and a group that a full import does not bring, and removes them from all groups', async () => {
  const context = await importing(whole(1), whole(2), wholeGroup(500), wholeGroup(501));
  const { store } = context;
  const { id } = store.lists.get(guidOf(500))!;
  const anchorOf = (n: number) => (store.space.get(guidOf(n)) ?? store.groups.get(guidOf(n)))!.anchor;
  const [one, two, other] = [anchorOf(1), anchorOf(2), anchorOf(501)];
  store.members.add(id, [one, two, other]);
  store.cursors.set('dirsync-cookie', undefined);
  directory.answers.full = [whole(1), wholeGroup(500)];
  await run(context);
  assert.deepEqual([...store.members.signed(id, '', 10).keys()], [one]);
  assert.equal(store.lists.get(guidOf(500))!.members, 1);
  assert.equal(store.groups.get(guidOf(501))!.deleted, true);
});

test('adds no group member that a restored domain controller reports, but removes those who leave', async () => {
  const context = await importing(whole(1), whole(2), wholeGroup(500));
  const { store } = context;
  const { id, guid } = store.lists.get(guidOf(500))!;
  store.members.add(id, [store.space.get(guidOf(1))!.anchor]);
  store.lists.noteRead(id, Number.MAX_SAFE_INTEGER);
  store.restores.setPending({
    since: store.db.timestamp(),
    server: 'dc',
    reason: 'a test',
    read: [],
    wentBack: true,
  });
  const attributes = { 'member;range=1-1': [extended(2)], 'member;range=0-0': [extended(1)] };
  directory.answers.delta = [{ guid, dn: group(500).dn, attributes }];
  await run(context);
  assert.deepEqual([...store.members.signed(id, '', 10).keys()], []);
  assert.equal(store.lists.countDue(0), 1, 'its list is read when the domain controller counts again');
});
