import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectStatus, GROUP_RECORDS, HeldList } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { describeStatus } from '../commands/show-status.ts';
import { concludeMissing } from '../objects/groups/missing-members.ts';
import { findKnown, putObject } from '../objects/groups/put-object.ts';
import { holdGroupDeletions } from '../objects/groups/waiting-groups.ts';
import { DOMAIN_SID, group, guidOf, imported, person } from '../testing/fixtures.ts';
import { openConnect } from '../testing/open-connect.ts';
import { approveHeld, listHeld } from './held.ts';
import { connectStatus, userStatus } from './status.ts';

const value = (n: number) => ({ guid: guidOf(n), sid: `${DOMAIN_SID}-${1000 + n}`, dn: '' });

test('status says how it stands with groups, what does not arrive of them, and why nothing goes', async t => {
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
  context.store.db.run('UPDATE group_list SET members = 250001 WHERE guid = ?', object.guid);
  peer.accepts = GROUP_RECORDS;
  const told = await status();
  assert.deepEqual([told.groups!.waitingFor, told.groups!.large.length], [null, 1]);
  assert.match(
    describeStatus(await connectStatus(connect), true).join('\n'),
    /does not arrive: CN=Group 500,.* contains CN=Group 501/,
  );
  assert.throws(() => userStatus(connect, 'group500'), { code: 'no-such-user' });
});

test('groups and missing members that wait are shown in lists of their own, and approved by digest', async t => {
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
  holdGroupDeletions(context);
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
  assert.equal(holdGroupDeletions(context).size, 0);
  concludeMissing(context);
  assert.equal(store.lists.get(guidOf(600))!.members, 0);
});
