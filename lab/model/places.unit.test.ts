import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { playSeed } from './play-seed.ts';
import { FILTERED } from './should-be.ts';
import { World } from './world.ts';

const world = await World.make();
after(() => world.close());
beforeEach(() => world.begin());

test('every place gets what a forest says', async () => {
  const { forest } = world;
  const [ann, bob, cid] = ['ann', 'bob', 'cid'].map(name => forest.hire(name, `Made.Up.${name}1`));
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
  forest.change(ann!, { enabled: false });
  forest.delete(bob!);
  forest.setPassword(cid!, 'Made.Up.cid2');
  assert.equal((await world.differences()).length, 6);
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
  forest.setPassword(cid!, 'Made.Up.cid3', { mustChange: true });
  forest.restore(bob!);
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
});

test('no place keeps a password of a user who leaves its scope, whatever the places lose, and no other user loses theirs', async () => {
  const { forest, connect } = world;
  const [ann, bob, cid] = ['ann', 'bob', 'cid'].map(name => forest.hire(name, `Made.Up.${name}1`));
  forest.change(cid!, { adminDescription: FILTERED });
  await world.quiet();
  const before = await world.moment();
  forest.change(ann!, { adminDescription: FILTERED });
  forest.setPassword(ann!, 'Made.Up.ann2');
  await world.quiet();
  const arrives = async () => {
    assert.deepEqual(await world.differences(), []);
    assert.deepEqual(await connect.differences(), []);
    const { state, missing, alarm } = connect.arrival();
    assert.deepEqual([state, missing], ['complete', []], String(alarm));
    for (const { name } of [ann!, cid!])
      assert.match(connect.status(name).password!.detail!, /^not in the scope of passwords/);
    assert.equal(world.inDomain().length, 3, 'they are there all the same');
  };
  await arrives();
  for (const [parts, to] of [
    [['connect', 'tenant'], before],
    [['connect'], undefined],
    [['tenant'], before],
  ] as const) {
    await world.lose(parts, to);
    await world.turns(4);
    await arrives();
  }
  forest.change(ann!, { adminDescription: undefined });
  forest.delete(bob!);
  await world.quiet();
  assert.deepEqual(await world.differences(), []);
});

// `places.long.test.ts` plays fifty.
for (const seed of seeds(3))
  test(`seed ${seed}: every place returns to what the forest says`, async t => {
    t.diagnostic(await playSeed(world, seed));
  });
