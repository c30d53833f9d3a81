import { after, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { playSeed } from './play-seed.ts';
import { World } from './world.ts';

// Many more histories like the few of `places.unit.test.ts`.

const world = await World.make();
after(() => world.close());

for (const seed of seeds(50))
  test(`seed ${seed}: every place returns to what the forest says`, async t => {
    t.diagnostic(await playSeed(world, seed));
  });
