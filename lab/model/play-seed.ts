import assert from 'node:assert/strict';
import { playing } from '../seeds.ts';
import { History } from './history.ts';
import type { Withheld } from './hostile-tenant.ts';
import { settle, unnamed } from './settle.ts';
import type { World } from './world.ts';

/**
 * Plays the history of a seed, has the places lose what it says, and lets them come back.
 * @throws Error with the whole history, where one place does not, or where what a hostile tenant withholds is not named
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
 * A minute, within which a lost place comes back: of whose password was withdrawn nobody's sign-in shows which one that was, so people are
 * as the forest says before the places have compared.
 */
const COMPARING_TURNS = 6;

async function comparesClean(world: World): Promise<boolean> {
  for (const { connect } of world.sides) if ((await connect.differences()).length > 0) return false;
  return true;
}

/** What Connect would send is what the tenant has, object by object. */
export async function assertComparesClean(world: World): Promise<void> {
  for (const { connect } of world.sides) assert.deepEqual(await connect.differences(), []);
}

async function assertNamed(world: World, withheld: Withheld | undefined): Promise<void> {
  const differing = await unnamed(world);
  // Where nothing is heard nobody can be named: the silence is.
  if (withheld === 'heads' || withheld === 'receipts') assert.equal(world.connect.arrival().state, 'silent');
  else assert.deepEqual(differing, [], 'not named');
  if (withheld === 'heads') assert.equal(world.domain.arrivals()[0]?.alarm?.kind, 'silent');
}
