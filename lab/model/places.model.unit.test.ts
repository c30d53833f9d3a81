import { after, test } from 'node:test';
import { History } from './history.ts';
import { settle } from './settle.ts';
import { World } from './world.ts';

const seeds = process.env.CAUSEWAY_TEST_SEED
  ? [Number(process.env.CAUSEWAY_TEST_SEED)]
  : Array.from({ length: Number(process.env.SEEDS ?? 7) }, (_, i) => i + Number(process.env.FIRST ?? 0));
const world = await World.make();
after(() => world.close());

for (const seed of seeds)
  test(`seed ${seed}`, async t => {
    const history = new History(world, seed);
    await history.play();
    await history.loseAll();
    const before = (await world.differences()).length;
    const began = world.now;
    try {
      const { turns } = await settle(world);
      t.diagnostic(
        `${history.told.filter(x => x.startsWith('lost')).join('; ')}: ${before} differ, ${turns} turns, ${(world.now - began) / 1000} s`,
      );
    } catch (error) {
      for (const p of world.domain.ledger.problems.list(20)) console.log(JSON.stringify(p));
      console.log(world.domain.said.slice(-40).join(''));
      throw new Error(`seed ${seed}\n${history.told.join('\n')}`, { cause: error });
    }
  });
