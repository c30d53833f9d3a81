import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectGroupStatus, ConnectStatus, GROUP_RECORDS, HeldList } from '@causeway/contract';
import { generateSealingKey, sealingPublicKey } from '@causeway/records';
import { timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { describeGroup } from '../commands/show-groups.ts';
import { describeStatus } from '../commands/show-status.ts';
import { exportStep } from '../objects/export-step.ts';
import { concludeMissing } from '../objects/groups/missing-members.ts';
import { findKnown, putObject } from '../objects/groups/put-object.ts';
import { holdGroups } from '../objects/groups/waiting-groups.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { noteReads } from '../pairing/signed-reads.ts';
import { DOMAIN_SID, group, guidOf, imported, person } from '../testing/fixtures.ts';
import { openConnect } from '../testing/open-connect.ts';
import { approveHeld, listHeld } from './held/held.ts';
import { getObject, listObjects, objectLog, syncObjectPassword } from './objects.ts';
import { oneGroupStatus } from './one-group.ts';
import { connectStatus, userStatus } from './status.ts';

const value = (n: number) => ({ guid: guidOf(n), sid: `${DOMAIN_SID}-${1000 + n}`, dn: '' });

test('status shows the state of groups, which memberships do not arrive, and why none is sent', async t => {
  const clock = new HandClock();
  const { connect, peer, close } = await openConnect(clock);
  t.after(close);
  const { context } = connect.connectors[0]!;
  const status = async () => {
    await clock.pass(10_000);
    return ConnectStatus.parse(await connectStatus(connect)).connectors[0]!;
  };
  imported(context, person(1));
  assert.equal((await status()).groups, undefined);
  const builtin = group(501, { isCriticalSystemObject: 'TRUE' });
  imported(context, builtin);
  const added = [value(1), value(501), { guid: guidOf(0xf00), sid: 'S-1-5-11', dn: '' }];
  const object = group(500);
  putObject(context, findKnown(context.store, object.guid, object.objectClasses), object, {
    ...{ generation: 1, domainSid: DOMAIN_SID },
    memberChanges: { added, removed: [], isWhole: false },
  });
  const { groups, users } = await status();
  assert.equal(users, 1);
  assert.deepEqual(groups, {
    ...{ groups: 1, exported: 0, memberships: 3, slicesWaiting: 1, slicesRefused: 0, problem: null },
    ...{ listsToRead: 1, wellKnown: 1, suppressedDeletes: 0, suppressedRemovals: 0, large: [] },
    containing: [{ group: object.dn, contains: builtin.dn }],
    waitingFor: 'the tenant is of a release that takes no groups: update it',
  });
  const { receiptKey } = context.store.confirmations.confirmDomain(
    peer.confirmable(sealingPublicKey(await generateSealingKey())),
  );
  noteReads(context.store, receiptKey, GROUP_RECORDS);
  assert.match(
    (await status()).groups!.waitingFor!,
    /^ALARM: the tenant takes no groups, although the managed/,
  );
  context.store.db.run('UPDATE group_list SET members = 250001 WHERE guid = ?', object.guid);
  peer.accepts = GROUP_RECORDS;
  const told = await status();
  assert.deepEqual([told.groups!.waitingFor, told.groups!.large.length], [null, 1]);
  assert.match(
    describeStatus(await connectStatus(connect), true).join('\n'),
    /does not arrive: CN=Group 500,.* contains CN=Group 501/,
  );
  assert.throws(() => userStatus(connect, 'group500'), {
    ...{ code: 'no-such-user', message: /it is a group\n.*\n {2}causeway connect status --group 'group500'/ },
  });
});

test('lists held groups and held missing members separately, and approves each list by digest', async t => {
  const { connect, close } = await openConnect();
  t.after(close);
  const { context } = connect.connectors[0]!;
  const { store } = context;
  const many = Array.from({ length: 20 }, (_, n) => 500 + n);
  imported(context, person(1), group(600), ...many.map(n => group(n)));
  for (const n of many) store.groups.acknowledgeExport(guidOf(n), 'digest', n);
  imported(context, ...many.map(n => ({ ...group(n), deleted: true })));
  const { id } = store.lists.get(guidOf(600))!;
  store.members.add(id, [store.space.get(guidOf(1))!.anchor]);
  for (const _ of [1, 2]) {
    store.members.beginRead(id);
    store.members.endRead(id);
  }
  holdGroups(context);
  concludeMissing(context);
  const lists = listHeld(connect, 'delete', undefined).map(list => HeldList.parse(list));
  assert.deepEqual(
    lists.map(({ kind, count }) => [kind, count]),
    [
      ['group', 20],
      ['member', 1],
    ],
  );
  const [groups, members] = lists;
  assert.match(groups!.people[0]!.user, /^group5\d\d$/);
  const { user, distinguishedName } = members!.people[0]!;
  assert.deepEqual([user, distinguishedName], ['user1', group(600).dn]);
  for (const { digest, count } of lists)
    assert.equal(approveHeld(connect, digest, 'delete', 'a test').count, count);
  assert.equal(holdGroups(context).deletions.size, 0);
  concludeMissing(context);
  assert.equal(store.lists.get(guidOf(600))!.members, 0);
});

test('shows one group with its members, slices and list, by any of its names', async t => {
  const clock = new HandClock();
  const { connect, peer, close } = await openConnect(clock);
  t.after(close);
  peer.accepts = GROUP_RECORDS;
  const { context } = connect.connectors[0]!;
  const { store } = context;
  imported(context, person(1), group(500), group(501, { isCriticalSystemObject: 'TRUE' }));
  store.members.add(store.lists.get(guidOf(500))!.id, [sourceAnchorOf(guidOf(1))]);
  const status = (name: string) => ConnectGroupStatus.parse(oneGroupStatus(connect, name));
  const { slices, list, members, ...before } = status('GROUP500');
  assert.deepEqual([before.export.state, members], ['not in the tenant', 1]);
  assert.deepEqual(slices, { acknowledged: 0, waiting: 1, refused: 0, problem: null });
  assert.deepEqual(list, { toRead: 'a new group', nextReadAt: null });
  await exportStep(context);
  store.lists.noteRead(store.lists.get(guidOf(500))!.id, clock.now());
  for (const name of [guidOf(500), group(500).dn, sourceAnchorOf(guidOf(500))]) {
    const after = status(name);
    assert.equal(after.export.state, 'current');
    assert.deepEqual(after.slices, { acknowledged: 1, waiting: 0, refused: 0, problem: null });
    assert.deepEqual(after.list, { toRead: null, nextReadAt: timestamp(clock) });
    assert.match(describeGroup(after).join('\n'), /slices +1 in the tenant, 0 wait to be sent$/m);
  }
  assert.match(status('group501').scopeReason!, /critical/);
  assert.throws(() => status('user1'), { code: 'no-such-group' });
});

test('lists the users of a connector space before its groups, each with its type, and rejects password calls for a group', async t => {
  const { connect, close, peer } = await openConnect();
  t.after(close);
  peer.accepts = GROUP_RECORDS;
  const { context, name } = connect.connectors[0]!;
  imported(context, person(1), person(3), group(2));
  const query = { connector: name, distinguishedName: undefined, startIndex: 0, maxResultCount: 100 };
  const list = (changes: Partial<typeof query>) => listObjects(connect, { ...query, ...changes });
  const ids = [1, 3, 2].map(guidOf);
  assert.deepEqual(
    list({}).map(({ objectId }) => objectId),
    ids,
  );
  assert.deepEqual(
    [0, 1, 2, 3].flatMap(startIndex => list({ startIndex, maxResultCount: 1 }).map(one => one.objectId)),
    ids,
  );
  const tenant = connect.tenantConnector.name;
  const types = (of: string) => list({ connector: of }).map(({ objectType }) => objectType);
  assert.deepEqual(
    [types(name), types(tenant)],
    [
      ['user', 'user', 'group'],
      ['user', 'user', 'group'],
    ],
  );
  const distinguishedName = group(2).dn.toLowerCase() as never;
  assert.equal(list({ distinguishedName })[0]!.objectId, guidOf(2));
  const inTenant = list({ connector: tenant })[2]!.distinguishedName as never;
  assert.equal(list({ connector: tenant, distinguishedName: inTenant })[0]!.objectId, guidOf(2));
  assert.equal(getObject(connect, guidOf(2)).objectType, 'group');
  assert.throws(() => objectLog(connect, guidOf(2), 1), { code: 'a-group' });
  await assert.rejects(syncObjectPassword(connect, guidOf(2)), { code: 'a-group' });
});
