import { setTimeout as delay } from 'node:timers/promises';

/** Not there yet; holds what was there instead. */
export class NotYet {
  readonly instead: string;

  constructor(instead: string) {
    this.instead = instead;
  }
}

export interface Patience {
  /** How long to wait, in milliseconds. */
  readonly patienceMs?: number;
  /** Time between two looks, in milliseconds. */
  readonly lookMs?: number;
  /** What may tell why it does not appear, such as the end of a log. */
  readonly why?: (() => string) | undefined;
}

type Look<T> = () => T | NotYet | Promise<T | NotYet>;

/**
 * Looks until something is there.
 * @param look returns what is there; `undefined`, `false` or a `NotYet` if it is not
 * @throws Error with the last answer, if it does not appear in time
 */
export async function eventually<T>(
  what: string,
  look: Look<T>,
  { patienceMs = 30_000, lookMs = 100, why }: Patience = {},
): Promise<Exclude<T, undefined | false>> {
  for (const since = performance.now(); ; await delay(lookMs)) {
    const found = await look();
    if (found !== undefined && found !== false && !(found instanceof NotYet))
      return found as Exclude<T, undefined | false>;
    if (performance.now() - since <= patienceMs) continue;
    const last = found instanceof NotYet ? found.instead : String(found);
    const cause = why === undefined ? '' : `\n${why()}`;
    throw new Error(`${what}: not so after ${patienceMs / 1000} s; the last answer: ${last}${cause}`);
  }
}

/** The same. @returns how long it took, in milliseconds */
export async function timeUntil(what: string, look: Look<unknown>, patience?: Patience): Promise<number> {
  const since = performance.now();
  await eventually(what, look, patience);
  return performance.now() - since;
}
