import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { MemberValue } from '@causeway/active-directory';
import { GROUP_RECORDS } from '@causeway/contract';
import { LdapError } from '@causeway/ldap';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../../context.ts';
import { DOMAIN_SID, group, guidOf, imported, person, testContext } from '../../testing/fixtures.ts';
import { ProvisioningPeer } from '../../testing/provisioning-peer.ts';
import { exportStep } from '../export-step.ts';
import { sourceAnchorOf } from '../source-anchor.ts';
import { missingMembersOf } from './missing-members.ts';
import { type ListSource, readLists } from './read-lists.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => {
  peer.forget();
  peer.accepts = GROUP_RECORDS;
});

const GROUP = 5000;
const DAY_MS = 24 * 3_600_000;
const anchors = (numbers: readonly number[]): string[] => numbers.map(n => sourceAnchorOf(guidOf(n))).sort();
const value = (n: number): MemberValue => ({
  guid: guidOf(n),
  sid: `${DOMAIN_SID}-${1000 + n}`,
  dn: `CN=${n}`,
});
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

/** A domain controller that returns lists in parts of three. */
class ScriptedLists implements ListSource {
  readonly lists_ = new Map<number, readonly number[]>();
  readonly broken = new Set<number>();
  readonly groupsOf = new Map<number, readonly number[]>();
  /** Groups whose lists were read to the end. */
  readonly read: number[] = [];

  async *lists(objectGuids: readonly string[]) {
    for (const [n, members] of this.lists_) {
      const objectGuid = guidOf(n);
      if (!objectGuids.includes(objectGuid)) continue;
      if (this.broken.has(n)) throw new LdapError('protocol', 'the list ends in the middle');
      for (let at = 0; at === 0 || at < members.length; at += 3) {
        const isLast = at + 3 >= members.length;
        yield { objectGuid, members: members.slice(at, at + 3).map(value), isLast };
      }
      this.read.push(n);
    }
  }

  async memberOf(objectGuid: string): Promise<string[]> {
    const [, groups = []] = [...this.groupsOf].find(([n]) => guidOf(n) === objectGuid) ?? [];
    return groups.map(guidOf);
  }
}

async function start(members: readonly number[], clock = new HandClock(Date.parse('2026-11-29T00:00:00Z'))) {
  const context = testContext(peer, {}, clock);
  context.store.db.transaction(() => imported(context, group(GROUP), ...members.map(n => person(n))));
  const source = new ScriptedLists();
  source.lists_.set(GROUP, members);
  await run(context, source);
  return { context, source, clock };
}

async function run(context: ConnectorContext, source: ListSource): Promise<void> {
  await readLists(context, source);
  await exportStep(context);
}

const members = () => peer.membersOf(sourceAnchorOf(guidOf(GROUP)));

test('reads the list of a new group once, and then once each day', async () => {
  const { context, source, clock } = await start(range(1, 7));
  assert.deepEqual(members(), anchors(range(1, 7)));
  await run(context, source);
  assert.deepEqual(source.read, [GROUP]);
  source.lists_.set(GROUP, range(1, 8));
  imported(context, person(8));
  await clock.pass(DAY_MS);
  await run(context, source);
  assert.deepEqual(source.read, [GROUP, GROUP]);
  assert.deepEqual(members(), anchors(range(1, 8)), 'who is in it is added at once');
  await run(context, source);
  assert.equal(source.read.length, 2);
});

test('keeps a member missing in one read, and removes them when a second read misses them too', async () => {
  const { context, source } = await start(range(1, 5));
  const { lists } = context.store;
  let reads = 0;
  const flickering: ListSource = {
    memberOf: async () => [],
    async *lists() {
      reads += 1;
      const shown = reads === 1 ? [1, 2] : range(1, 4);
      yield { objectGuid: guidOf(GROUP), members: shown.map(value), isLast: true };
    },
  };
  lists.order(guidOf(GROUP), 'a test');
  await run(context, flickering);
  assert.equal(reads, 2, 'it is read once more');
  assert.deepEqual(members(), anchors(range(1, 4)), 'one was missing twice, two once alone');
  source.lists_.set(GROUP, range(1, 4));
  lists.order(guidOf(GROUP), 'a test');
  await run(context, source);
  assert.deepEqual(members(), anchors(range(1, 4)));
});

test('holds the removal of most or all of a group until an administrator approves', async () => {
  for (const [there, left] of [
    [range(1, 120), range(1, 50)],
    [range(1, 3), []],
  ] as const) {
    peer.forget();
    peer.accepts = GROUP_RECORDS;
    const { context, source } = await start(there);
    const { store } = context;
    source.lists_.set(GROUP, left);
    store.lists.order(guidOf(GROUP), 'a test');
    await run(context, source);
    assert.equal(members()!.length, there.length);
    const list = missingMembersOf(context);
    assert.equal(store.bulk.countHeld(list), there.length - left.length);
    assert.match(
      store.events
        .last(3)
        .map(({ text }) => text)
        .join('\n'),
      /are missing from the lists of groups/,
    );
    const { digest } = store.bulk.show(list, store.db.now())!;
    store.bulk.approve(digest);
    await run(context, source);
    assert.deepEqual(members(), anchors(left));
    assert.equal(store.bulk.isHolding(list), false);
  }
});

test('stops holding a member who is shown again, and lets half of a group leave', async () => {
  const { context, source } = await start(range(1, 120));
  const { store } = context;
  source.lists_.set(GROUP, range(1, 10));
  store.lists.order(guidOf(GROUP), 'a test');
  await run(context, source);
  assert.equal(store.bulk.countHeld(missingMembersOf(context)), 110);
  source.lists_.set(GROUP, range(1, 100));
  store.lists.order(guidOf(GROUP), 'a test');
  await run(context, source);
  assert.equal(store.bulk.countHeld(missingMembersOf(context)), 20, 'who was held goes by approval alone');
  assert.equal(members()!.length, 120);
});

test('reads the lists of the groups that the directory names for a restored object', async () => {
  const { context, source } = await start([1, 2]);
  imported(context, { ...person(2), deleted: true });
  await exportStep(context);
  imported(context, person(2));
  context.store.lists.orderLookUp(guidOf(2));
  source.groupsOf.set(2, [GROUP]);
  source.read.length = 0;
  await run(context, source);
  assert.deepEqual([source.read, members()], [[GROUP], anchors([1, 2])]);
  assert.deepEqual(context.store.lists.lookUps(1), []);
});

test('continues past a list that cannot be read, and retries it in the next cycle', async () => {
  const { context, source } = await start([1]);
  const others = [GROUP + 1, GROUP + 2];
  imported(context, ...others.map(n => group(n)));
  for (const n of others) source.lists_.set(n, [1]);
  source.broken.add(GROUP + 1);
  await run(context, source);
  const of = (n: number) => peer.membersOf(sourceAnchorOf(guidOf(n)));
  assert.deepEqual([of(GROUP + 1), of(GROUP + 2)], [[], anchors([1])]);
  assert.equal(context.store.lists.countDue(context.store.clock.now()), 1);
  source.broken.clear();
  await run(context, source);
  assert.deepEqual(of(GROUP + 1), anchors([1]));
});

test('does not read a list again because another one cannot be read', async () => {
  const { context, source } = await start([1]);
  const others = [GROUP + 1, GROUP + 2];
  imported(context, ...others.map(n => group(n)));
  for (const n of others) source.lists_.set(n, [1]);
  source.broken.add(GROUP + 2);
  source.read.length = 0;
  await run(context, source);
  assert.deepEqual(source.read, [GROUP + 1]);
  assert.deepEqual(peer.membersOf(sourceAnchorOf(guidOf(GROUP + 1))), anchors([1]));
});

test('counts nobody as missing in a list with a name that cannot be resolved', async () => {
  const { context } = await start([1, 2]);
  let reads = 0;
  const nameless: ListSource = {
    memberOf: async () => [],
    async *lists() {
      reads += 1;
      yield {
        objectGuid: guidOf(GROUP),
        members: [value(1), { guid: null, sid: null, dn: 'CN=2' }],
        isLast: true,
      };
    },
  };
  for (let n = 0; n < 2; n++) {
    context.store.lists.order(guidOf(GROUP), 'a test');
    await run(context, nameless);
  }
  assert.deepEqual([reads, members()], [2, anchors([1, 2])]);
});

test('does not ask a restored domain controller for lists', async () => {
  const { context, source } = await start([1]);
  const { store } = context;
  store.restores.setPending({
    since: store.db.timestamp(),
    server: 'dc',
    reason: 'a test',
    read: [],
    wentBack: true,
  });
  store.lists.order(guidOf(GROUP), 'a test');
  source.read.length = 0;
  await run(context, source);
  assert.deepEqual(source.read, []);
  store.restores.setPending(undefined);
  await run(context, source);
  assert.deepEqual(source.read, [GROUP]);
});
