/** Set CAUSEWAY_TEST_SEED to repeat a seed. */
const given = process.env.CAUSEWAY_TEST_SEED;

/** The given number of consecutive seeds, different from run to run, or the one in the environment. */
export function seeds(count: number): number[] {
  if (given !== undefined) return [Number(given)];
  const first = count * Math.floor((Date.now() % 1_000_000) / count);
  return Array.from({ length: count }, (_, i) => first + i);
}

/**
 * Plays a seed.
 * @param told what happened so far, for the report of a failure
 * @throws Error that says how to play it again, what happened and what went wrong
 */
export async function playing<T>(seed: number, told: readonly string[], play: () => Promise<T>): Promise<T> {
  try {
    return await play();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = [`CAUSEWAY_TEST_SEED=${seed}`, ...told.map(what => `  ${what}`), why].join('\n');
    throw new Error(text, { cause });
  }
}
