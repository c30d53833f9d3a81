import assert from 'node:assert/strict';
import { playing } from '../seeds.ts';
import { History } from './history.ts';
import type { Withheld } from './hostile-tenant.ts';
import { settle, unnamed } from './settle.ts';
import type { World } from './world.ts';

/**
 * Plays the history of a seed, makes the places lose what it says, and lets them recover.
 * @throws Error with the whole history, if a place does not recover, or if what a hostile tenant withholds is not named
 * @returns what happened after the losses, in words
 */
export async function playSeed(world: World, seed: number): Promise<string> {
  const history = new History(world, seed);
  return playing(seed, history.told, async () => {
    await history.play();
    await history.loseAll();
    const differing = (await world.differences()).length;
    if (history.hostile) await assertNamed(world, history.hostile.withheld);
    world.lie = undefined;
    const { turns } = await settle(world);
    for (let n = 0; n < COMPARING_TURNS && !(await comparesClean(world)); n++) await world.turn(10_000);
    await assertComparesClean(world);
    return `${history.losses.join('; ')}: ${differing} differed, ${turns} turns${history.hostile ? ', a hostile tenant before' : ''}`;
  });
}

/**
 * One minute, in which a lost place recovers. After a withdrawal no sign-in shows which password was withdrawn, so all users match the
 * forest before the places have compared.
 */
const COMPARING_TURNS = 6;

async function comparesClean(world: World): Promise<boolean> {
  for (const { connect } of world.sides) if ((await connect.differences()).length > 0) return false;
  return true;
}

/** Asserts that the tenant has what Connect would send, object by object. */
export async function assertComparesClean(world: World): Promise<void> {
  for (const { connect } of world.sides) assert.deepEqual(await connect.differences(), []);
}

async function assertNamed(world: World, withheld: Withheld | undefined): Promise<void> {
  const differing = await unnamed(world);
  // A silent tenant leaves nobody to name: the silence itself is reported.
  if (withheld === 'heads' || withheld === 'receipts') assert.equal(world.connect.arrival().state, 'silent');
  else assert.deepEqual(differing, [], 'not named');
  if (withheld === 'heads') assert.equal(world.domain.arrivals()[0]?.alarm?.kind, 'silent');
}
