import { after, test } from 'node:test';
import { playGroups } from './play-groups.ts';
import { seeds } from './play-seed.ts';
import { World } from './world.ts';

// As the few of `groups.unit.test.ts`, and many of them. Those of two forests have a file of their own: files run beside each other.

const world = await World.make();
after(() => world.close());

for (const seed of seeds(20))
  test(`seed ${seed}: groups of a forest end where one full recompute ends`, async t => {
    t.diagnostic(await playGroups(world, seed));
  });
