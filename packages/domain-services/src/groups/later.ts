import type { Clock } from '@causeway/service';

/** How long to wait before retrying what the directory refused. */
const AGAIN_MS = 60_000;
/** Up to this many are remembered; beyond that, each is retried at once. */
const MAX_REMEMBERED = 100_000;

/** What the directory refused, each under a text of its own, and when to retry it. */
export class Later {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #at = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  isEarly(what: string): boolean {
    return (this.#at.get(what) ?? 0) > this.#clock.now();
  }

  /** @returns whether this is the first refusal in a row */
  put(what: string): boolean {
    const isFirst = !this.#at.has(what);
    if (!isFirst || this.#at.size < MAX_REMEMBERED) this.#at.set(what, this.#clock.now() + AGAIN_MS);
    return isFirst;
  }

  done(what: string): void {
    this.#at.delete(what);
  }
}
