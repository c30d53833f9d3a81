/**
 * Runs expensive work, `atOnce` at a time and the rest in its order of arrival. The queue is bounded, so that a request that finds it
 * full learns that at once and not after a minute.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #waitingLimit: number;
  readonly #waiting: (() => void)[] = [];
  #working = 0;

  constructor(atOnce: number, waitingLimit: number) {
    this.#atOnce = atOnce;
    this.#waitingLimit = waitingLimit;
  }

  /** @returns what the work returns, or `'full'` if it was not begun */
  async take<Result>(work: () => Promise<Result>): Promise<Result | 'full'> {
    if (this.#working < this.#atOnce) this.#working++;
    else if (this.#waiting.length >= this.#waitingLimit) return 'full';
    else await new Promise<void>(resolve => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#working--;
    }
  }
}
