import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { playSeed } from './play-seed.ts';
import { World } from './world.ts';

const world = await World.make();
after(() => world.close());
beforeEach(() => world.begin());

test('what a forest says comes to all places', async () => {
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

// Fifty of them are in `places.long.test.ts`.
for (const seed of seeds(3))
  test(`seed ${seed}: all places come back to what the forest says`, async t => {
    t.diagnostic(await playSeed(world, seed));
  });
