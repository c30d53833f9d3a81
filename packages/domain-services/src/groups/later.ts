import type { Clock } from '@causeway/service';

/** Until what the directory refused is tried again. */
const AGAIN_MS = 60_000;
/** What is remembered; beyond that it is tried again at once. */
const MAX_REMEMBERED = 100_000;

/** What the directory refused, by a text for each, and when it is tried again. */
export class Later {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #at = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  isEarly(what: string): boolean {
    return (this.#at.get(what) ?? 0) > this.#clock.now();
  }

  /** @returns whether it is the first time in a row */
  put(what: string): boolean {
    const isFirst = !this.#at.has(what);
    if (!isFirst || this.#at.size < MAX_REMEMBERED) this.#at.set(what, this.#clock.now() + AGAIN_MS);
    return isFirst;
  }

  done(what: string): void {
    this.#at.delete(what);
  }
}
