import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { History } from './history.ts';
import type { HostileTenant } from './hostile-tenant.ts';
import { settle, unnamed } from './settle.ts';
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
      if (history.hostile) await isNamed(history.hostile);
      world.lie = undefined;
      const { turns } = await settle(world);
      t.diagnostic(
        `${history.hostile ? 'hostile ' : ''}${history.told.filter(x => x.startsWith('lost')).join('; ')}: ${before} differ, ${turns} turns, ${(world.now - began) / 1000} s`,
      );
    } catch (error) {
      throw new Error(`seed ${seed}\n${history.told.join('\n')}\n${(error as Error).message}`);
    }
  });

async function isNamed({ withheld }: HostileTenant): Promise<void> {
  const differing = await unnamed(world);
  if (process.env.SHOW) {
    console.log(JSON.stringify(world.connect.arrival(), null, 1));
    console.log(JSON.stringify(world.domain.arrivals()));
    console.log(world.connect.said.slice(-25).join(''));
    for (const p of world.domain.ledger.problems.list(9)) console.log(JSON.stringify(p));
    for (const p of world.forest.people)
      console.log(
        p.name,
        p.anchor,
        JSON.stringify(world.domain.ledger.accounts.of({ forest: 'corp.example.com', anchor: p.anchor })),
      );
  }
  if (withheld === 'heads' || withheld === 'receipts') {
    assert.equal(world.connect.arrival().state, 'silent');
    if (withheld === 'heads') assert.equal(world.domain.arrivals()[0]?.alarm?.kind, 'silent');
  } else assert.deepEqual(differing, [], 'not named');
}
