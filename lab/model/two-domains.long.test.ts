import { after, beforeEach, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { TwoDomains } from './two-domains.ts';

// Many more histories like the one of `two-domains.unit.test.ts`.

const forest = await TwoDomains.make();
after(() => forest.world.close());
beforeEach(() => forest.begin());

for (const seed of seeds(10))
  test(`seed ${seed}: every place matches the domains, whatever moves and whichever domain is read first`, () =>
    forest.play(seed));
