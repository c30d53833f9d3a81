import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { GROUP_RECORDS } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../../context.ts';
import { DOMAIN_SID, FOREST, group, guidOf, imported, person, testContext } from '../../testing/fixtures.ts';
import { ProvisioningPeer } from '../../testing/provisioning-peer.ts';
import { exportStep } from '../export-step.ts';
import type { DirectoryObject } from '../merge.ts';
import { sourceAnchorOf } from '../source-anchor.ts';
import { findKnown, putObject } from './put-object.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => {
  peer.forget();
  peer.accepts = GROUP_RECORDS;
});

const anchorOf = (n: number): string => sourceAnchorOf(guidOf(n));
const anchors = (...numbers: number[]): string[] => numbers.map(anchorOf).sort();
const GROUP = 500;
const members = () => peer.membersOf(anchorOf(GROUP));
/** A member of the own domain, as a delta names it. */
const value = (n: number) => ({ guid: guidOf(n), sid: `${DOMAIN_SID}-${1000 + n}`, dn: `CN=${n}` });
const foreign = (sid: string) => ({ guid: guidOf(0xf00), sid, dn: `CN=${sid}` });

/** Puts what a delta says of a group's members. */
function stated(
  context: ConnectorContext,
  n: number,
  change: { added?: ReturnType<typeof value>[]; removed?: ReturnType<typeof value>[] },
  object: DirectoryObject = group(n),
): void {
  const memberChanges = { added: [], removed: [], isWhole: false, ...change };
  const found = findKnown(context.store, object.guid, object.objectClasses);
  putObject(context, found, object, { generation: 1, domainSid: DOMAIN_SID, memberChanges });
}

/** The directory reports that an object is no longer deleted, so it is read whole. */
function restored(context: ConnectorContext, object: DirectoryObject): void {
  const found = findKnown(context.store, object.guid, object.objectClasses);
  putObject(context, found, object, { generation: 1, domainSid: DOMAIN_SID, restored: true });
}

const slicesSent = () => peer.groups.taken.splice(0).length;

test('exports a group and its members, whichever of them is known first', async () => {
  const context = testContext(peer);
  stated(context, GROUP, { added: [value(1), value(2), value(GROUP + 1)] });
  imported(context, person(1));
  await exportStep(context);
  assert.deepEqual(members(), anchors(1), 'who is not known yet is not named');
  imported(context, person(2), group(GROUP + 1));
  const summary = await exportStep(context);
  assert.deepEqual([summary.upserted, summary.slices], [2, 2]);
  assert.deepEqual(members(), anchors(1, 2, GROUP + 1));
  const { group: said } = peer.groups.groups.get(anchorOf(GROUP))!;
  const { sAMAccountName, displayName, objectSid, securityEnabled, scope } = said;
  assert.deepEqual(
    { sAMAccountName, displayName, objectSid, securityEnabled, scope },
    {
      sAMAccountName: 'group500',
      displayName: 'Group 500',
      objectSid: `${DOMAIN_SID}-1500`,
      securityEnabled: true,
      scope: 'global',
    },
  );
  peer.requests.length = 0;
  await exportStep(context);
  assert.equal(peer.requests.length, 0, 'nothing is left to do');
});

test('sends one slice without members for an empty group', async () => {
  const context = testContext(peer);
  imported(context, group(GROUP));
  await exportStep(context);
  assert.deepEqual(members(), []);
  assert.equal(slicesSent(), 1);
});

test('sends a stated removal at once, and keeps a member removed and added in one entry', async () => {
  const context = testContext(peer);
  imported(context, person(1), person(2));
  stated(context, GROUP, { added: [value(1), value(2)] });
  await exportStep(context);
  stated(context, GROUP, { added: [value(2)], removed: [value(1), value(2)] });
  await exportStep(context);
  assert.deepEqual(members(), anchors(2));
});

test('changes nothing when a primary group changes, whichever object of the run is read first', async () => {
  for (const personFirst of [true, false]) {
    peer.forget();
    peer.accepts = GROUP_RECORDS;
    const context = testContext(peer);
    const other = 501;
    imported(context, person(1, { primaryGroupID: '513' }), group(other));
    stated(context, GROUP, { added: [value(1)] });
    await exportStep(context);
    const moved = () => imported(context, person(1, { primaryGroupID: String(1000 + GROUP) }));
    if (personFirst) moved();
    stated(context, GROUP, { removed: [value(1)] }); // the directory removes it from the list
    if (!personFirst) moved();
    await exportStep(context);
    assert.deepEqual(members(), anchors(1));
    imported(context, person(1, { primaryGroupID: '513' }));
    await exportStep(context);
    assert.deepEqual(members(), []);
  }
});

test('adds a user to their primary group once it appears, and nobody to Domain Users', async () => {
  const context = testContext(peer);
  imported(
    context,
    person(1, { primaryGroupID: String(1000 + GROUP) }),
    person(2, { primaryGroupID: '513' }),
  );
  imported(context, group(GROUP), group(501, { objectSid: `${DOMAIN_SID}-513` }));
  await exportStep(context);
  assert.deepEqual(members(), anchors(1));
  assert.deepEqual(peer.membersOf(anchorOf(501)), []);
});

test('sends no slice for a deleted member, and after a restore adds them to no group before the directory does', async () => {
  const context = testContext(peer);
  imported(context, person(1), person(2));
  stated(context, GROUP, { added: [value(1), value(2)] });
  await exportStep(context);
  slicesSent();
  imported(context, { ...person(1), deleted: true });
  await exportStep(context);
  assert.deepEqual([members(), slicesSent()], [anchors(2), 0]);
  restored(context, person(1));
  await exportStep(context);
  assert.deepEqual([members(), slicesSent()], [anchors(2), 1], 'what names it is signed anew without it');
  assert.deepEqual(context.store.lists.lookUps(10), [guidOf(1)]);
  stated(context, GROUP, { added: [value(1)] });
  await exportStep(context);
  assert.deepEqual(members(), anchors(1, 2));
});

test('names a user who leaves the scope and comes back in a newer slice', async () => {
  const context = testContext(peer);
  imported(context, person(1));
  stated(context, GROUP, { added: [value(1)] });
  await exportStep(context);
  imported(context, person(1, { adminDescription: 'User_1' }));
  await exportStep(context);
  assert.deepEqual(members(), []);
  slicesSent();
  imported(context, person(1));
  await exportStep(context);
  assert.deepEqual([members(), slicesSent()], [anchors(1), 1]);
});

test('changes no slice when a member is renamed or moved', async () => {
  const context = testContext(peer);
  imported(context, person(1));
  stated(context, GROUP, { added: [value(1)] });
  await exportStep(context);
  slicesSent();
  imported(context, {
    ...person(1, { sAMAccountName: 'other' }),
    dn: 'CN=Other,OU=Elsewhere,DC=corp,DC=example,DC=com',
  });
  stated(
    context,
    GROUP,
    {},
    { ...group(GROUP, { cn: 'Renamed' }), dn: 'CN=Renamed,DC=corp,DC=example,DC=com' },
  );
  await exportStep(context);
  assert.deepEqual([members(), slicesSent()], [anchors(1), 0]);
  assert.equal(peer.groups.groups.get(anchorOf(GROUP))!.group.displayName, 'Renamed');
});

test('exports groups that contain each other or themselves as they are', async () => {
  const context = testContext(peer);
  const other = 501;
  stated(context, GROUP, { added: [value(other), value(GROUP)] });
  stated(context, other, { added: [value(GROUP)] });
  await exportStep(context);
  assert.deepEqual(members(), anchors(GROUP, other));
  assert.deepEqual(peer.membersOf(anchorOf(other)), anchors(GROUP));
});

test('names members of other domains by SID, and leaves out well-known SIDs', async () => {
  const context = testContext(peer);
  const alien = 'S-1-5-21-7-7-7-1107';
  stated(context, GROUP, { added: [foreign(alien), foreign('S-1-5-11'), foreign('S-1-5-32-544')] });
  await exportStep(context);
  assert.deepEqual(members(), [alien]);
  assert.equal(context.store.members.countWellKnown(), 2);
});

test('sends one slice for one changed member of 2,000, and divides a group that grows', async () => {
  const context = testContext(peer);
  const { store } = context;
  store.db.transaction(() => {
    imported(context, ...Array.from({ length: 2_000 }, (_, n) => person(n + 1000)), person(1));
    stated(context, GROUP, { added: Array.from({ length: 2_000 }, (_, n) => value(n + 1000)) });
  });
  await exportStep(context);
  assert.equal(members()!.length, 2_000);
  assert.ok(slicesSent() > 4);
  stated(context, GROUP, { added: [value(1)] });
  await exportStep(context);
  assert.equal(members()!.length, 2_001);
  assert.equal(slicesSent(), 1);
  stated(context, GROUP, { removed: Array.from({ length: 2_000 }, (_, n) => value(n + 1000)) });
  await exportStep(context);
  assert.deepEqual(members(), anchors(1));
});

test('keeps an acknowledged slice until all of its parts are acknowledged', async () => {
  const context = testContext(peer);
  const { store } = context;
  const many = Array.from({ length: 600 }, (_, n) => n + 1000);
  imported(context, ...many.map(n => person(n)), person(1));
  stated(context, GROUP, { added: [value(1)] });
  await exportStep(context);
  const { id } = store.lists.get(guidOf(GROUP))!;
  stated(context, GROUP, { added: many.map(value) });
  peer.groups.judge = change =>
    'prefix' in change && change.prefix.startsWith('1') ? { verdict: 'retry', reason: 'later' } : undefined;
  await exportStep(context);
  assert.ok(store.slices.acknowledged(id).some(({ prefix }) => prefix === ''));
  assert.ok(members()!.includes(anchorOf(1)));
  peer.groups.judge = () => undefined;
  store.db.run('UPDATE slice SET next_at = 0');
  await exportStep(context);
  assert.ok(store.slices.acknowledged(id).every(({ prefix }) => prefix !== ''));
  assert.equal(members()!.length, 601);
});

test('sends no groups to a tenant of the previous release, and all of them after its update', async () => {
  peer.accepts = ['account-3'];
  const clock = new HandClock();
  const context = testContext(peer, {}, clock);
  imported(context, person(1));
  stated(context, GROUP, { added: [value(1)] });
  const summary = await exportStep(context);
  assert.deepEqual([summary.upserted, summary.refused, summary.slices], [1, 0, 0]);
  assert.deepEqual(
    peer.requests.map(({ path }) => path).filter(path => /groups|members/.test(path)),
    [],
  );
  assert.equal(context.store.queue.count(true) + context.store.queue.count(false), 0);
  peer.accepts = GROUP_RECORDS;
  await clock.pass(5_000);
  await exportStep(context);
  assert.deepEqual(members(), anchors(1));
});

test('signs a group that the tenant lost again, with all slices of its members', async () => {
  const context = testContext(peer);
  imported(context, person(1), person(2));
  stated(context, GROUP, { added: [value(1)] });
  await exportStep(context);
  peer.groups.groups.clear();
  stated(context, GROUP, { added: [value(2)] });
  await exportStep(context);
  context.store.db.run('UPDATE slice SET next_at = 0');
  await exportStep(context);
  assert.deepEqual(members(), anchors(1, 2));
});

test('holds a refused slice with its reason, and sends the others', async () => {
  const context = testContext(peer);
  imported(context, person(1));
  stated(context, GROUP, { added: [value(1)] });
  imported(context, group(501));
  peer.groups.judge = change =>
    'prefix' in change && change.sourceAnchor === anchorOf(GROUP)
      ? { verdict: 'refused', code: 'invalid', reason: 'not so' }
      : undefined;
  const { slices } = await exportStep(context);
  assert.equal(slices, 1);
  const { waiting, refused, problem } = context.store.slices.count();
  assert.deepEqual([waiting, refused, problem], [1, 1, 'not so']);
  peer.requests.length = 0;
  await exportStep(context);
  assert.equal(peer.requestsTo('/api/v1/sync/members').length, 0, 'not before its time');
});

test('asks again for a lost answer, and ends with the right slices', async () => {
  const context = testContext(peer);
  imported(context, person(1));
  stated(context, GROUP, { added: [value(1)] });
  peer.misbehave = path => (path.endsWith('/members') ? 'done but lost' : undefined);
  await assert.rejects(exportStep(context));
  peer.misbehave = () => undefined;
  await exportStep(context);
  assert.deepEqual(members(), anchors(1));
});

test('signs newer slices for a deleted group that comes back, with the members that the directory names', async () => {
  const context = testContext(peer);
  imported(context, person(1), person(2));
  stated(context, GROUP, { added: [value(1), value(2)] });
  await exportStep(context);
  imported(context, { ...group(GROUP), deleted: true });
  const { deleted } = await exportStep(context);
  assert.deepEqual(
    [deleted, peer.groups.groups.size, context.store.groups.get(guidOf(GROUP))],
    [1, 0, undefined],
  );
  stated(context, GROUP, { added: [value(2)] });
  await exportStep(context);
  assert.deepEqual(members(), anchors(2));
});

test('exports a group that leaves the scope and comes back with all of its members', async () => {
  const context = testContext(peer);
  imported(context, person(1));
  stated(context, GROUP, { added: [value(1)] });
  await exportStep(context);
  imported(context, group(GROUP, { adminDescription: 'Group_1' }));
  await exportStep(context);
  assert.equal(peer.groups.groups.size, 0);
  imported(context, group(GROUP));
  await exportStep(context);
  assert.deepEqual(members(), anchors(1));
});

test('holds deletions of groups above their own threshold, and counts users without groups', async () => {
  const context = testContext(peer);
  const all = Array.from({ length: 20 }, (_, n) => GROUP + n);
  imported(context, person(1), ...all.map(n => group(n)));
  await exportStep(context);
  const { space, heads } = context.store;
  assert.deepEqual([space.count(), space.countInScope(), space.countExported()], [1, 1, 1]);
  assert.equal(heads.summary().accounts, 1);
  imported(context, ...all.map(n => ({ ...group(n), deleted: true })));
  const { suppressedDeletes, deleted } = await exportStep(context);
  assert.deepEqual([suppressedDeletes, deleted, peer.groups.groups.size], [20, 0, 20]);
  assert.match(
    context.store.events.last(1)[0]!.text,
    new RegExp(`20 groups .* connect deletions --connector '${FOREST}'`),
  );
});
