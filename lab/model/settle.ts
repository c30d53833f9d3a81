import type { World } from './world.ts';

const MINUTE_MS = 60_000;
/** How long is waited between two looks, and how often: heads first, then budgets. */
const PATIENCE: readonly (readonly [number, number])[] = [
  [10_000, 18],
  [MINUTE_MS, 10],
  [10 * MINUTE_MS, 8],
  [60 * MINUTE_MS, 25],
  [24 * 60 * MINUTE_MS, 3],
];

/**
 * Lets everybody run until all places are as the forest says. An administrator lets go each list that waits, once they have seen that the
 * forest says the same.
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

/** So long a tenant that withholds something has until it is said: heads, and how long silence is borne. */
const NAMED_TURNS = 16;
const NAMED_MS = 30_000;

/**
 * Lets everybody run at a tenant that withholds something.
 * @returns who is otherwise in the managed domain than the forest says and nobody says so, in words
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
