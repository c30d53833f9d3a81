import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  readonly patienceMs?: number;
  readonly lookMs?: number;
}

/**
 * Looks until it is so.
 * @param look whether it is so; a text says what was there instead
 * @returns milliseconds
 */
export async function eventually(
  what: string,
  look: () => Promise<boolean | string>,
  { patienceMs = 30_000, lookMs = 50 }: Patience = {},
): Promise<number> {
  const since = performance.now();
  for (;;) {
    const found = await look();
    if (found === true) return performance.now() - since;
    if (performance.now() - since > patienceMs) {
      const last = found === false ? '' : `; the last answer: ${found}`;
      throw new Error(`${what}: not so after ${patienceMs / 1000} s${last}`);
    }
    await delay(lookMs);
  }
}
