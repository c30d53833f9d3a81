import { after, beforeEach, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { TwoDomains } from './two-domains.ts';

// Many more histories like the one of `two-domains.unit.test.ts`.

const forest = await TwoDomains.make();
after(() => forest.world.close());
beforeEach(() => forest.begin());

for (const seed of seeds(10))
  test(`seed ${seed}: whoever moves, and whichever domain is read first, every place matches the domains`, () =>
    forest.play(seed));
