import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { GROUP_RECORDS } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../context.ts';
import { exportStep } from '../objects/export-step.ts';
import { findKnown, putObject } from '../objects/groups/put-object.ts';
import { groupDeletionsOf, strangerGroupsOf } from '../objects/groups/waiting-groups.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { DOMAIN_SID, group, guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { compareGroups } from './groups-at-tenant.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const [FIRST, SECOND] = [500, 501];
const anchorOf = (n: number): string => sourceAnchorOf(guidOf(n));
let context: ConnectorContext;
let clock: HandClock;

/** Starts with two groups, each with both people, all acknowledged. */
beforeEach(async () => {
  peer.forget();
  Object.assign(peer, { compares: true, accepts: GROUP_RECORDS });
  clock = new HandClock();
  context = testContext(peer, {}, clock);
  imported(context, person(1), person(2));
  for (const n of [FIRST, SECOND]) {
    const object = group(n);
    const added = [1, 2].map(m => ({ guid: guidOf(m), sid: `${DOMAIN_SID}-${1000 + m}`, dn: `CN=${m}` }));
    putObject(context, findKnown(context.store, object.guid, object.objectClasses), object, {
      ...{ generation: 1, domainSid: DOMAIN_SID },
      memberChanges: { added, removed: [], isWhole: false },
    });
  }
  await exportStep(context);
  assert.deepEqual(membersOf(FIRST), [anchorOf(1), anchorOf(2)].sort());
});

const membersOf = (n: number) => peer.membersOf(anchorOf(n));
const alarms = () => context.store.events.last(200).filter(({ text }) => text.startsWith('ALARM'));

/** Compares, and sends what it found. @returns how many groups and slices were signed again */
async function mend(): Promise<number | undefined> {
  const said = await compareGroups(context);
  await exportStep(context);
  return said;
}

test('reads no lines where all agrees', async () => {
  assert.equal(await mend(), 0);
  assert.equal(peer.requestsTo('/api/v1/sync/group-lines').length, 0);
});

test('does not compare with a tenant of an older release', async () => {
  peer.compares = false;
  assert.equal(await mend(), undefined);
});

test('restores a group that the tenant lost, with its members', async () => {
  peer.groups.groups.delete(anchorOf(FIRST));
  assert.equal(await mend(), 2, 'the group and its slice');
  assert.deepEqual(membersOf(FIRST), [anchorOf(1), anchorOf(2)].sort());
  assert.equal(await mend(), 0);
});

test('signs only the slice again that the tenant lost, or has in an older state', async () => {
  for (const sequence of [undefined, 7]) {
    const { slices } = peer.groups.groups.get(anchorOf(SECOND))!;
    if (sequence === undefined) slices.delete('');
    else slices.set('', { prefix: '', sequence, members: [] });
    peer.groups.taken.length = 0;
    assert.equal(await mend(), 1);
    assert.deepEqual(
      peer.groups.taken.map(({ sourceAnchor }) => sourceAnchor),
      [anchorOf(SECOND)],
    );
    assert.deepEqual(membersOf(SECOND), [anchorOf(1), anchorOf(2)].sort());
    await clock.pass(2 * MINUTE);
  }
});

test('overrides an unacknowledged slice by signing all slices of the group again', async () => {
  const { slices } = peer.groups.groups.get(anchorOf(FIRST))!;
  slices.set('01', { prefix: '01', sequence: 1_000 * clock.now() + 500, members: [] });
  assert.equal(await mend(), 1);
  assert.equal(peer.groups.taken.at(-1)!.prefix, '');
});

test('limits a group that differs again and again to once a day, with an alarm', async () => {
  peer.groups.judge = change => {
    if ('prefix' in change) return undefined;
    return { verdict: 'applied' }; // and stores nothing
  };
  let said = 0;
  for (const wait of [0, MINUTE, 5 * MINUTE, 60 * MINUTE, MINUTE, MINUTE]) {
    await clock.pass(wait);
    peer.groups.groups.get(anchorOf(FIRST))!.group.sequence = 1;
    said += (await mend()) ?? 0;
  }
  assert.equal(said, 4);
  assert.ok(alarms().length > 0);
  await clock.pass(DAY);
  assert.equal(await mend(), 1);
});

test('notes an unknown group, to look it up in the directory', async () => {
  const stranger = structuredClone(peer.groups.groups.get(anchorOf(FIRST))!);
  peer.groups.groups.set(anchorOf(700), stranger);
  await mend();
  assert.deepEqual(
    context.store.strangers.due(10).map(({ anchor, kind }) => ({ anchor, kind })),
    [{ anchor: anchorOf(700), kind: 'group' }],
  );
  context.store.groups.putStranger(guidOf(700), anchorOf(700));
  await exportStep(context);
  assert.equal(peer.groups.groups.has(anchorOf(700)), false, 'a signed deletion took it away');
});

/** Makes the tenant claim groups, each of which was looked up and not found. */
function invented(...numbers: number[]): void {
  const real = peer.groups.groups.get(anchorOf(FIRST))!;
  for (const n of numbers) {
    peer.groups.groups.set(anchorOf(n), structuredClone(real));
    context.store.groups.putStranger(guidOf(n), anchorOf(n));
  }
}

test('holds many invented groups in a separate list, and delays no deletion that the directory reports', async () => {
  const many = Array.from({ length: 11 }, (_, n) => 700 + n);
  invented(...many);
  imported(context, { ...group(SECOND), deleted: true });
  const { suppressedDeletes } = await exportStep(context);
  const { bulk, deletions } = context.store;
  assert.deepEqual(
    many.map(n => peer.groups.groups.has(anchorOf(n))),
    many.map(() => true),
  );
  assert.deepEqual([suppressedDeletes, bulk.countHeld(groupDeletionsOf(context))], [0, 0]);
  assert.equal(peer.groups.groups.has(anchorOf(SECOND)), false, 'that one was deleted in the directory');
  assert.equal(deletions.get(anchorOf(SECOND))?.name, `group${SECOND}`);
  assert.equal(alarms().filter(({ text }) => text.includes('11 groups that')).length, 1);
  const { digest, lines } = bulk.show(strangerGroupsOf(context), context.store.db.now())!;
  assert.equal(lines.length, 11);
  bulk.approve(digest);
  await exportStep(context);
  assert.deepEqual([...peer.groups.groups.keys()], [anchorOf(FIRST)]);
  assert.equal(bulk.isHolding(strangerGroupsOf(context)), false);
});

test('deletes an invented group again that comes back, and counts it once', async () => {
  for (let n = 0; n < 2; n++) {
    invented(700);
    await exportStep(context);
    assert.equal(peer.groups.groups.has(anchorOf(700)), false);
  }
  const { bulk, db, deletions } = context.store;
  assert.equal(bulk.went(strangerGroupsOf(context), db.now()), 1);
  assert.equal(deletions.get(anchorOf(700))?.name, null);
});
