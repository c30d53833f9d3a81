import type { LdapEntry } from './entry.ts';

/** Batches that may wait for their reader before the socket rests. */
const WAITING = 2;
/** An entry with more values counts for several, so that a batch is bounded whatever its entries hold. */
const VALUES_OF_ONE = 64;

/** Entries on their way from the socket to a reader who takes them in batches. While the reader is behind, the socket rests. */
export class EntryStream {
  readonly #size: number;
  readonly #rest: (behind: boolean) => void;
  #entries: { entry: LdapEntry; weight: number }[] = [];
  #weight = 0;
  #outcome: { error?: unknown } | undefined;
  #wake: () => void = () => {};

  /** @param size entries of a batch @param rest is told when the reader falls behind, and when it has caught up */
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

  /** The last entry was pushed, or something went wrong. */
  end(outcome: { error?: unknown } = {}): void {
    this.#outcome = outcome;
    // Nothing more comes of this answer, however far behind the reader is: the socket is the next one's.
    this.#rest(false);
    this.#wake();
  }

  /** True when no entry will come any more. */
  get ended(): boolean {
    return this.#outcome !== undefined;
  }

  /** @throws what the stream ended with */
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
