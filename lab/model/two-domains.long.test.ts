import { after, beforeEach, test } from 'node:test';
import { seeds } from '../seeds.ts';
import { TwoDomains } from './two-domains.ts';

// As the one of `two-domains.unit.test.ts`, and many of them.

const forest = await TwoDomains.make();
after(() => forest.world.close());
beforeEach(() => forest.begin());

for (const seed of seeds(10))
  test(`seed ${seed}: whoever moves, and whichever domain is read first, all ends as the domains say`, () =>
    forest.play(seed));
