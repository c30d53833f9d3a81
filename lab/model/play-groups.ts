import { playing } from '../seeds.ts';
import { differencesOfGroups } from './groups.ts';
import { GroupsHistory } from './groups-history.ts';
import { assertComparesClean } from './play-seed.ts';
import { differencesOfSids } from './sids.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
/** How long is waited between two looks, and how often: heads first, then budgets. */
const PATIENCE: readonly (readonly [number, number])[] = [
  [10_000, 8],
  [MINUTE_MS, 10],
  [20 * MINUTE_MS, 8],
  [24 * 60 * MINUTE_MS, 3],
];

/** Lets everybody run until all groups and on-premises SIDs are as the forests say. Whatever waits for an administrator goes. @returns turns that it took */
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

/** Plays the history of a seed, and lets everybody come to rest. @throws Error with the whole history @returns what came of it, in words */
export async function playGroups(world: World, seed: number, patience = PATIENCE): Promise<string> {
  const history = new GroupsHistory(world, seed);
  return playing(seed, history.told, async () => {
    await world.begin();
    await history.play();
    const turns = await settleGroups(world, patience);
    // And so it stays.
    if ((await settleGroups(world, patience)) > 1) throw new Error('it did not stay so');
    await assertComparesClean(world);
    return `${turns} turns`;
  });
}
