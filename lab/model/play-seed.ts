import assert from 'node:assert/strict';
import { History } from './history.ts';
import type { Withheld } from './hostile-tenant.ts';
import { settle, unnamed } from './settle.ts';
import type { World } from './world.ts';

/** Given to repeat one: CAUSEWAY_TEST_SEED. */
const given = process.env.CAUSEWAY_TEST_SEED;

/** So many seeds in turn, from a multiple of their number on, that no run before had; or the one that was given. */
export function seeds(count: number): number[] {
  if (given !== undefined) return [Number(given)];
  const first = count * Math.floor((Date.now() % 1_000_000) / count);
  return Array.from({ length: count }, (_, i) => first + i);
}

/**
 * Plays the history of a seed, has the places lose what it says, and lets them come back.
 * @throws Error with the whole history, where one place does not, or where what a hostile tenant withholds is not named
 * @returns what happened after the losses, in words
 */
export async function playSeed(world: World, seed: number): Promise<string> {
  const history = new History(world, seed);
  try {
    await history.play();
    await history.loseAll();
    const differing = (await world.differences()).length;
    if (history.hostile) await assertNamed(world, history.hostile.withheld);
    world.lie = undefined;
    const { turns } = await settle(world);
    return `${history.losses.join('; ')}: ${differing} differed, ${turns} turns${history.hostile ? ', a hostile tenant before' : ''}`;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const told = history.told.join('\n  ');
    throw new Error(`CAUSEWAY_TEST_SEED=${seed}\n  ${told}\n${why}`, { cause });
  }
}

async function assertNamed(world: World, withheld: Withheld | undefined): Promise<void> {
  const differing = await unnamed(world);
  // Where nothing is heard nobody can be named: the silence is.
  if (withheld === 'heads' || withheld === 'receipts') assert.equal(world.connect.arrival().state, 'silent');
  else assert.deepEqual(differing, [], 'not named');
  if (withheld === 'heads') assert.equal(world.domain.arrivals()[0]?.alarm?.kind, 'silent');
}
