import { after, suite, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { TWO_FORESTS } from './forests.ts';
import { playGroups } from './play-groups.ts';
import { World } from './world.ts';

// Like `groups.long.test.ts`, with two forests whose groups have members of each other.

const world = await World.make(TWO_FORESTS);
after(() => world.close());

const played = seeds(50);
suite(`${played.length} histories of two forests`, () => {
  for (const seed of played)
    test(`seed ${seed}: groups of two forests end where one full recompute ends`, async t => {
      t.diagnostic(await playGroups(world, seed));
    });
});
