import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  readonly patienceMs?: number;
  readonly lookMs?: number;
}

/** Looks until it is so. @returns milliseconds */
export async function eventually(
  what: string,
  look: () => Promise<boolean>,
  { patienceMs = 30_000, lookMs = 50 }: Patience = {},
): Promise<number> {
  const since = performance.now();
  while (!(await look())) {
    if (performance.now() - since > patienceMs)
      throw new Error(`${what}: not so after ${patienceMs / 1000} s`);
    await delay(lookMs);
  }
  return performance.now() - since;
}
