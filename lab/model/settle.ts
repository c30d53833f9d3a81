import type { World } from './world.ts';

const MINUTE_MS = 60_000;
/** How long to wait between two looks, and how often: heads first, then budgets. */
const PATIENCE: readonly (readonly [number, number])[] = [
  [10_000, 18],
  [MINUTE_MS, 10],
  [10 * MINUTE_MS, 8],
  [60 * MINUTE_MS, 25],
  [24 * 60 * MINUTE_MS, 3],
];

/**
 * Runs all places until they match the forest. An administrator approves each list that waits, having seen that the forest says the same.
 */
export async function settle(world: World): Promise<{ turns: number }> {
  let turns = 0;
  let differences = ['nobody has looked yet'];
  for (const [milliseconds, times] of PATIENCE)
    for (let i = 0; i < times; i++) {
      await world.turn(milliseconds);
      turns += 1;
      const before = differences;
      differences = await world.differences();
      if (differences.length === 0 && before.length === 0) return { turns };
      world.connect.approve();
      world.domain.approve();
    }
  throw new Error(differences.join('\n'));
}

/** How long a tenant may withhold something before it is named: in heads, and the silence that is tolerated. */
const NAMED_TURNS = 16;
const NAMED_MS = 30_000;

/**
 * Runs all places at a tenant that withholds something.
 * @returns who differs in the managed domain from the forest without being reported, in words
 */
export async function unnamed(world: World): Promise<string[]> {
  for (let i = 0; i < NAMED_TURNS; i++) {
    await world.turn(NAMED_MS);
    world.connect.approve();
    world.domain.approve();
  }
  const named = new Set(world.connect.arrival().missing.map(({ sourceAnchor }) => sourceAnchor));
  return world.differencesOfDomain().flatMap(({ anchor, text }) => (named.has(anchor) ? [] : [text]));
}
