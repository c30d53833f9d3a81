import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ACCEPTED_RECORDS, GROUP_RECORDS } from '@causeway/contract';
import {
  type GroupEntry,
  generateSealingKey,
  groupBucketOf,
  peekHead,
  peekReceipt,
  type ReceiptFields,
  sealingPublicKey,
  signReceipt,
  summarizeGroups,
} from '@causeway/records';
import { timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../context.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { FOREST, group, guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { arrivalOf } from './arrival.ts';
import { cureGroups, groupDifferences } from './group-differences.ts';
import { makeHead } from './make-head.ts';
import { takeReceipt } from './take-receipt.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
const GROUPS = [500, 501];
const anchorOf = (n: number): string => sourceAnchorOf(guidOf(n));
let context: ConnectorContext;
let clock: HandClock;

beforeEach(async () => {
  peer.forget();
  peer.accepts = GROUP_RECORDS;
  clock = new HandClock();
  context = testContext(peer, {}, clock);
  imported(context, person(1), ...GROUPS.map(n => group(n)));
  await exportStep(context);
  context.store.cursors.set('last-password-cycle-at', timestamp(clock));
});

/** A receipt of a managed domain that has these groups, for a head newer than everything so far. */
function receiptText(there: readonly GroupEntry[], changes: Partial<ReceiptFields> = {}): string {
  const ours = context.store.groupHeads.entries();
  const differing = [...new Set([...ours, ...there].map(groupBucketOf))].sort((a, b) => a - b);
  const headSequence = clock.now() * 1000 + 1_000_000;
  const fields: ReceiptFields = {
    ...{ tenant: context.agent.tenantId, forest: FOREST, sequence: headSequence, time: timestamp(clock) },
    ...{ headSequence, headTime: timestamp(clock), completeAsOf: null, alarmSince: null },
    ...{ accounts: 1, credentials: 0, differing: [], listed: 0, entries: [], notWritten: [] },
    ...{ reads: ACCEPTED_RECORDS, newest: 1, groups: there.length, slices: 0 },
    ...{ groupsDiffering: differing, groupsListed: differing.length, groupsNotWritten: [] },
    groupEntries: there.map(({ anchor, prefix, sequence }) => [anchor, prefix, sequence] as const),
  };
  return signReceipt(peer.receiptKey, { ...fields, ...changes });
}
const receipt = (there: readonly GroupEntry[]) => peekReceipt(receiptText(there))!;

test('a head lists acknowledged groups and slices, only for readers that know them', () => {
  assert.equal(peekHead(makeHead(context, { reads: ACCEPTED_RECORDS })!)!.groups, undefined);
  const head = peekHead(makeHead(context, { reads: ACCEPTED_RECORDS, groups: true })!)!;
  const entries = context.store.groupHeads.entries();
  const { groups, slices, groupBuckets } = head;
  assert.deepEqual([groups, slices], [2, 2]);
  assert.deepEqual({ groups, slices, groupBuckets }, summarizeGroups(entries));
  assert.deepEqual(
    entries
      .filter(({ prefix }) => prefix === null)
      .map(({ anchor }) => anchor)
      .sort(),
    GROUPS.map(anchorOf).sort(),
  );
});

test('leaves a deleted group and its slices out of the head', async () => {
  imported(context, { ...group(500), deleted: true });
  await exportStep(context);
  const { groups, slices } = context.store.groupHeads.summary();
  assert.deepEqual([groups, slices], [1, 1]);
});

test('signs again what the managed domain lacks after two receipts agree', async () => {
  const all = context.store.groupHeads.entries();
  const lacking = all.filter(({ anchor, prefix }) => !(anchor === anchorOf(500) && prefix === ''));
  const once = cureGroups(context, receipt(lacking), undefined);
  assert.equal(once.said, 0);
  const twice = cureGroups(context, receipt(lacking), once.seen);
  assert.equal(twice.said, 1);
  peer.groups.taken.length = 0;
  await exportStep(context);
  assert.deepEqual(
    peer.groups.taken.map(({ sourceAnchor, prefix }) => ({ sourceAnchor, prefix })),
    [{ sourceAnchor: anchorOf(500), prefix: '' }],
  );
});

test('reports newer and unknown groups in the managed domain as differences, and no others', () => {
  const all = context.store.groupHeads.entries();
  assert.deepEqual(groupDifferences(context, receipt(all)), []);
  const newer = all.map(one => (one.anchor === anchorOf(501) ? { ...one, sequence: one.sequence + 1 } : one));
  assert.equal(groupDifferences(context, receipt(newer)).length, 2);
  const stranger = { anchor: anchorOf(700), prefix: null, sequence: 5 };
  const seen = cureGroups(context, receipt([...all, stranger]), undefined).seen;
  cureGroups(context, receipt([...all, stranger]), seen);
  assert.deepEqual(
    context.store.strangers.due(10).map(({ anchor, kind }) => [anchor, kind]),
    [[anchorOf(700), 'group']],
  );
});

/** The arrival in the status after a receipt of a managed domain that has these groups, and one person. */
function arrival(there: readonly GroupEntry[], changes: Partial<ReceiptFields> = {}) {
  void clock.pass(1_000); // Nothing sleeps on this clock, so the time has passed when it returns.
  const complete = { completeAsOf: timestamp(clock), ...changes };
  assert.equal(takeReceipt(context, receiptText(there, complete)), undefined);
  return arrivalOf(context, clock.now());
}

test('status counts the groups and slices that have arrived, and names the missing groups', async () => {
  context.store.confirmations.confirmDomain(peer.confirmable(sealingPublicKey(await generateSealingKey())));
  const all = context.store.groupHeads.entries();
  const told = arrival(all);
  assert.deepEqual([told.state, told.missingCount, told.groupsNotWritten], ['complete', 0, undefined]);
  assert.deepEqual(
    [told.groups, told.slices],
    [
      { arrived: 2, all: 2 },
      { arrived: 2, all: 2 },
    ],
  );

  const some = all.filter(({ anchor, prefix }) => anchor === anchorOf(501) && prefix === null);
  const lacking = arrival(some);
  assert.deepEqual(
    [lacking.state, lacking.groups, lacking.slices],
    ['on its way', { arrived: 1, all: 2 }, { arrived: 0, all: 2 }],
  );
  assert.deepEqual(lacking.missing.map(({ user, what }) => `${user} ${what}`).sort(), [
    'group500 group',
    'group500 members',
    'group501 members',
  ]);
  const refused = arrival(
    all.filter(({ anchor, prefix }) => !(anchor === anchorOf(500) && prefix === '')),
    { groupsNotWritten: [[anchorOf(500), '', 'a-code']] },
  );
  assert.deepEqual([refused.state, refused.missing.map(one => one.refused)], ['not all written', ['a-code']]);

  const unwritten: ReceiptFields['groupsNotWritten'] = [
    [anchorOf(500), null, 'group-not-written'],
    [anchorOf(501), '0', 'older-sequence'],
    [anchorOf(501), '1', 'older-sequence'],
  ];
  const unwrittenThere = arrival(all, { groupsNotWritten: unwritten });
  assert.deepEqual([unwrittenThere.state, unwrittenThere.missingCount], ['not all written', 0]);
  assert.deepEqual(unwrittenThere.groupsNotWritten, {
    count: 2,
    groups: [
      { group: 'group500', sourceAnchor: anchorOf(500), what: 'group', code: 'group-not-written' },
      { group: 'group501', sourceAnchor: anchorOf(501), what: 'members', code: 'older-sequence' },
    ],
  });

  const before = arrival(all, {
    ...{ groups: undefined, slices: undefined, groupsDiffering: undefined, groupsListed: undefined },
    ...{ groupEntries: undefined, groupsNotWritten: undefined },
  });
  assert.deepEqual([before.groups, before.state], [undefined, 'complete'], 'one that reads no groups');
});

test('names a group by its former name when the tenant withholds its deletion', async () => {
  context.store.confirmations.confirmDomain(peer.confirmable(sealingPublicKey(await generateSealingKey())));
  const all = context.store.groupHeads.entries();
  imported(context, { ...group(500), deleted: true });
  await exportStep(context);
  const { missing, state, groups } = arrival(all);
  assert.equal(state, 'on its way');
  assert.deepEqual(groups, { arrived: 1, all: 1 });
  assert.deepEqual(
    missing.map(({ user, what }) => [user, what]),
    [['group500', 'group not deleted']],
  );
  assert.match(missing[0]!.reason!, /the tenant withholds the deletion/);
});
