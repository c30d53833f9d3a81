import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ConnectPlace } from '@causeway/connect/testing';
import { settleGroups } from './play-groups.ts';
import { World } from './world.ts';

// One story: two Connects of one forest, a real tenant and a real Domain Services. One Connect writes, the other stages, and they swap
// roles. The second one's clock is two minutes behind.

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

/** The named Connects and the managed domain each have a turn. */
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
/** Sequences of the forest's users at the tenant. Sending anything moves one. */
const sequences = () => tenant.sequences(forest.forest);
const newest = async (): Promise<number> => Math.max(...[...(await sequences()).values()].flat());
/** Why the managed domain rejects something. */
const refusals = (): string[] => Object.keys(domain.ledger.problems.counts());

test('a Connect that stages imports and decides, shows what it would send, and sends nothing', async () => {
  await turns(3, first, second);
  assert.deepEqual([first.stages, second.stages], [false, true]);
  assert.deepEqual(await second.differences(), []);
  const [changed, gone] = [forest.people[0]!, forest.people[1]!];
  forest.setPassword(changed, 'Made.Up.later');
  forest.delete(gone);
  const come = forest.hire('come', 'Made.Up.come');
  const before = await sequences();
  await turns(3, second); // the writing Connect has not seen it
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

test('a Connect that stages cannot promote itself', async () => {
  const code = await tenant.makePromotion(second.agentId, [first.agentId]);
  await assert.rejects(second.promote(`${code}x`), { code: 'promotion-refused' });
  await assert.rejects(first.promote(code), { code: 'not-staging' });
  assert.deepEqual([first.stages, second.stages], [false, true]);
});

test('a promoted Connect sends everything again, believed only after an administrator names both keys', async () => {
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

test('a demoted Connect keeps reading and sends nothing, and the other one sends the changes', async () => {
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

test('promoting the first one again works the same way, and deletes the users who were deleted while neither wrote', async () => {
  const gone = forest.people[5]!;
  forest.delete(gone);
  forest.setPassword(forest.people[6]!, 'Made.Up.back');
  // The second one is down and sees none of this.
  await turns(2, first);
  await first.promote(await tenant.makePromotion(first.agentId, [second.agentId]));
  await domain.trustAgent(first.fingerprint, forest.forest, [second.fingerprint]);
  await turns(6, first);
  assert.deepEqual(await world.differences(), []);
  assert.equal(first.arrival().state, 'complete');
  await turns(1, second); // and returns
  await turns(2, second, first);
  assert.deepEqual([first.stages, second.stages], [false, true]);
  assert.deepEqual(await world.differences(), []);
  assert.deepEqual(await wouldSend(second), []);
});
