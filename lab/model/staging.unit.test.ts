import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ConnectPlace } from '@causeway/connect/testing';
import { settleGroups } from './play-groups.ts';
import { World } from './world.ts';

// One story: two Connects of one forest, a real tenant and a real Domain Services. One writes, the other one stages, and they change places.
// The clock of the second one is two minutes behind.

const world = await World.make();
const { forest, connect: first, domain, tenant } = world;
const second = await world.stageAnother(-120_000);
after(() => world.close());

before(async () => {
  const people = Array.from({ length: 12 }, (_, n) => forest.hire(`user${n}`, `Made.Up.${n}`));
  const group = forest.groups.make('staff');
  for (const person of people) forest.groups.add(group, person);
  await settleGroups(world);
});

/** Those that are named have a turn, and the managed domain. */
async function turns(count: number, ...connects: ConnectPlace[]): Promise<void> {
  for (let n = 0; n < count; n++) {
    await world.pass(10_000);
    for (const connect of connects) await connect.turn();
    await domain.turn();
  }
}

const wouldSend = async (connect: ConnectPlace): Promise<string[]> =>
  (await connect.differences())
    .map(({ kind, what, name, waits }) => [kind, what, ...(kind === 'user' ? [name] : []), waits].join(' '))
    .sort();
/** Sequences of the forest's users at the tenant: who sends anything moves one. */
const sequences = () => tenant.sequences(forest.forest);
const newest = async (): Promise<number> => Math.max(...[...(await sequences()).values()].flat());
/** Why the managed domain does not take something. */
const refusals = (): string[] => Object.keys(domain.ledger.problems.counts());

test('the one that stages imports and decides, shows what it would send, and sends nothing', async () => {
  await turns(3, first, second);
  assert.deepEqual([first.stages, second.stages], [false, true]);
  assert.deepEqual(await second.differences(), []);
  const [changed, gone] = [forest.people[0]!, forest.people[1]!];
  forest.setPassword(changed, 'Made.Up.later');
  forest.delete(gone);
  const come = forest.hire('come', 'Made.Up.come');
  const before = await sequences();
  await turns(3, second); // the one that writes has not seen it
  assert.deepEqual(await wouldSend(second), [
    'membership only-there staging',
    `user only-here ${come.principal} staging`,
    `user only-there ${gone.principal} staging`,
  ]);
  assert.deepEqual(await sequences(), before);
  await turns(2, first, second);
  assert.deepEqual(await wouldSend(second), []);
  assert.deepEqual(await world.differences(), []);
});

test('a Connect that stages is not promoted by what it says itself', async () => {
  const code = await tenant.makePromotion(second.agentId, [first.agentId]);
  await assert.rejects(second.promote(`${code}x`), { code: 'promotion-refused' });
  await assert.rejects(first.promote(code), { code: 'not-staging' });
  assert.deepEqual([first.stages, second.stages], [false, true]);
});

test('promoted, it signs and sends everything anew; the managed domain believes nothing of that before an administrator names both keys', async () => {
  const before = await sequences();
  await second.promote(await tenant.makePromotion(second.agentId, [first.agentId]));
  assert.equal(second.stages, false);
  await turns(1, first);
  assert.equal(first.stages, true, 'it heard of it by the first thing that it sent');
  forest.setPassword(forest.people[2]!, 'Made.Up.promoted');
  await turns(4, second, first);
  assert.deepEqual(await second.differences(), []);
  for (const [anchor, both] of await sequences())
    both.forEach((sequence, n) => {
      assert.ok(sequence > before.get(anchor)![n]!, anchor);
    });
  const [lacking, ...others] = await world.differences();
  assert.match(lacking!, /^domain: user2 .* should be .*'Made\.Up\.promoted'/);
  assert.deepEqual(others, []);
  assert.deepEqual(refusals(), ['unknown-signer']);

  const replacing = (...replaces: string[]) => domain.trustAgent(second.fingerprint, forest.forest, replaces);
  await assert.rejects(replacing(), { code: 'other-key' });
  await assert.rejects(replacing(second.fingerprint), { code: 'other-key' });
  await replacing(first.fingerprint);
  await turns(4, second, first);
  assert.deepEqual(await world.differences(), []);
  assert.deepEqual(refusals(), []);
  assert.equal(second.arrival().state, 'complete');
});

test('the one that was demoted goes on reading, and sends nothing; changes go on from the other one', async () => {
  const [changed, gone] = [forest.people[3]!, forest.people[4]!];
  forest.setPassword(changed, 'Made.Up.again');
  forest.delete(gone);
  const before = await newest();
  await turns(3, first);
  assert.equal(await newest(), before);
  assert.deepEqual(await wouldSend(first), [
    'membership only-there staging',
    `user only-there ${gone.principal} staging`,
  ]);
  await turns(3, second, first);
  assert.deepEqual(await world.differences(), []);
  assert.deepEqual(await wouldSend(first), []);
});

test('it is taken back the same way, and whoever was deleted while nobody wrote is deleted then', async () => {
  const gone = forest.people[5]!;
  forest.delete(gone);
  forest.setPassword(forest.people[6]!, 'Made.Up.back');
  // The second one is lost: it has not seen any of this.
  await turns(2, first);
  await first.promote(await tenant.makePromotion(first.agentId, [second.agentId]));
  await domain.trustAgent(first.fingerprint, forest.forest, [second.fingerprint]);
  await turns(6, first);
  assert.deepEqual(await world.differences(), []);
  assert.equal(first.arrival().state, 'complete');
  await turns(1, second); // and comes back
  await turns(2, second, first);
  assert.deepEqual([first.stages, second.stages], [false, true]);
  assert.deepEqual(await world.differences(), []);
  assert.deepEqual(await wouldSend(second), []);
});
