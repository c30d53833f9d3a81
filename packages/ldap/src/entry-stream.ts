import type { LdapEntry } from './entry.ts';

/** Batches that may wait for their reader before the socket pauses. */
const WAITING = 2;
/** An entry with more values counts as several, which bounds a batch whatever its entries hold. */
const VALUES_OF_ONE = 64;

/** Entries on their way from the socket to a reader that takes them in batches. The socket pauses while the reader is behind. */
export class EntryStream {
  readonly #size: number;
  readonly #rest: (behind: boolean) => void;
  #entries: { entry: LdapEntry; weight: number }[] = [];
  #weight = 0;
  #outcome: { error?: unknown } | undefined;
  #wake: () => void = () => {};

  /** @param size entries per batch @param rest called when the reader falls behind, and when it has caught up */
  constructor(size: number, rest: (behind: boolean) => void) {
    this.#size = size;
    this.#rest = rest;
  }

  push(entry: LdapEntry): void {
    const weight = weightOf(entry);
    this.#entries.push({ entry, weight });
    this.#weight += weight;
    if (this.#weight >= this.#size) this.#wake();
    if (this.#weight >= WAITING * this.#size) this.#rest(true);
  }

  /** Call after the last entry, or after a failure. */
  end(outcome: { error?: unknown } = {}): void {
    this.#outcome = outcome;
    // Nothing more of this answer will come, however far behind the reader is, so the socket is free for the next one.
    this.#rest(false);
    this.#wake();
  }

  /** True if no more entries will come. */
  get ended(): boolean {
    return this.#outcome !== undefined;
  }

  /** @throws the error that ended the stream */
  async *batches(): AsyncGenerator<LdapEntry[], void> {
    for (;;) {
      while (this.#weight < this.#size && this.#outcome === undefined) {
        this.#rest(false);
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
      if (this.#outcome && 'error' in this.#outcome) throw this.#outcome.error;
      if (this.#entries.length === 0) return;
      yield this.#nextBatch();
    }
  }

  #nextBatch(): LdapEntry[] {
    let [count, weight] = [0, 0];
    while (count < this.#entries.length && weight < this.#size) weight += this.#entries[count++]!.weight;
    const batch = this.#entries.slice(0, count).map(({ entry }) => entry);
    this.#entries = this.#entries.slice(count);
    this.#weight -= weight;
    return batch;
  }
}

function weightOf({ attributes }: LdapEntry): number {
  let values = 0;
  for (const name in attributes) values += attributes[name]!.length;
  return Math.max(1, Math.ceil(values / VALUES_OF_ONE));
}
