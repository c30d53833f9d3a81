import { playing } from '../seeds.ts';
import { differencesOfGroups } from './groups.ts';
import { GroupsHistory } from './groups-history.ts';
import { assertComparesClean } from './play-seed.ts';
import { differencesOfSids } from './sids.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
/** How long to wait between two looks, and how often: heads first, then budgets. */
const PATIENCE: readonly (readonly [number, number])[] = [
  [10_000, 8],
  [MINUTE_MS, 10],
  [20 * MINUTE_MS, 8],
  [24 * 60 * MINUTE_MS, 3],
];

/**
 * Runs all places until groups and on-premises SIDs match the forests. Approves whatever waits for an administrator. @returns the number of
 * turns
 */
export async function settleGroups(world: World, patience = PATIENCE): Promise<number> {
  let turns = 0;
  let differences: string[] = [];
  for (const [milliseconds, times] of patience)
    for (let i = 0; i < times; i++) {
      await world.turn(milliseconds);
      turns += 1;
      differences = [...(await differencesOfGroups(world)), ...differencesOfSids(world)];
      if (differences.length === 0) return turns;
      for (const { connect } of world.sides) connect.approve();
      world.domain.approve();
    }
  throw new Error(differences.join('\n'));
}

/** Plays the history of a seed and lets all places settle. @throws Error with the whole history @returns the outcome, in words */
export async function playGroups(world: World, seed: number, patience = PATIENCE): Promise<string> {
  const history = new GroupsHistory(world, seed);
  return playing(seed, history.told, async () => {
    await world.begin();
    await history.play();
    const turns = await settleGroups(world, patience);
    // It has to stay so.
    if ((await settleGroups(world, patience)) > 1) throw new Error('it did not stay so');
    await assertComparesClean(world);
    return `${turns} turns`;
  });
}
