/** Given to repeat one: CAUSEWAY_TEST_SEED. */
const given = process.env.CAUSEWAY_TEST_SEED;

/** So many seeds in turn, from a multiple of their number on, that no run before had; or the one that was given. */
export function seeds(count: number): number[] {
  if (given !== undefined) return [Number(given)];
  const first = count * Math.floor((Date.now() % 1_000_000) / count);
  return Array.from({ length: count }, (_, i) => first + i);
}

/**
 * Plays what a seed says.
 * @param told what happened so far, for who reads a failure
 * @throws Error that says how to play the same again, what was told and what went wrong
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
