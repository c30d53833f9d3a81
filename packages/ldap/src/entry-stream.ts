import type { LdapEntry } from './entry.ts';

/** Batches that may wait for their reader before the socket rests. */
const WAITING = 2;

/** Entries on their way from the socket to a reader who takes them in batches. While the reader is behind, the socket rests. */
export class EntryStream {
  readonly #size: number;
  readonly #rest: (behind: boolean) => void;
  #entries: LdapEntry[] = [];
  #outcome: { error?: unknown } | undefined;
  #wake: () => void = () => {};

  /** @param rest is told when the reader falls behind, and when it has caught up */
  constructor(size: number, rest: (behind: boolean) => void) {
    this.#size = size;
    this.#rest = rest;
  }

  push(entry: LdapEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= this.#size) this.#wake();
    if (this.#entries.length >= WAITING * this.#size) this.#rest(true);
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
      while (this.#entries.length < this.#size && this.#outcome === undefined) {
        this.#rest(false);
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
      if (this.#outcome && 'error' in this.#outcome) throw this.#outcome.error;
      if (this.#entries.length === 0) return;
      const batch = this.#entries.slice(0, this.#size);
      this.#entries = this.#entries.slice(this.#size);
      yield batch;
    }
  }
}
