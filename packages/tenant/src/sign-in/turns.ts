/**
 * Work that costs, `atOnce` at a time and the rest in the order in which it came. The queue has an end, so that whoever comes then is
 * told at once and not after a minute.
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

  /** @returns what the work returns, or `'full'` when it was not begun */
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
