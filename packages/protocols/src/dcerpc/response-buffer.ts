import { DecodeError } from '@causeway/wire';

/** The largest response that is assembled from fragments: six times the largest page that we request. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** The most that the first fragment's alloc_hint can make us allocate. More is allocated only as bytes arrive. */
export const MAX_FIRST_ALLOCATION_BYTES = 16 * 1024 * 1024;

/** Padding of the last fragment, unsealed behind the stub's end. */
const SLACK_BYTES = 256;

/** Where the fragments of one response are unsealed, one behind the other. */
export class ResponseBuffer {
  #bytes: Uint8Array;
  #length = 0;

  /** @param allocHint expected bytes; a hint, so it is capped. */
  constructor(allocHint: number) {
    this.#bytes = new Uint8Array(Math.min(allocHint, MAX_FIRST_ALLOCATION_BYTES) + SLACK_BYTES);
  }

  /** Appends a copy of `body` to be unsealed in place. `advance` then keeps its first bytes. */
  place(body: Uint8Array): Uint8Array {
    const end = this.#length + body.length;
    if (end > MAX_RESPONSE_BYTES) {
      throw new DecodeError('response.stub', 'limit', `more than ${MAX_RESPONSE_BYTES} bytes came`);
    }
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(end, this.#bytes.length * 2), MAX_RESPONSE_BYTES));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    this.#bytes.set(body, this.#length);
    return this.#bytes.subarray(this.#length, end);
  }

  advance(length: number): void {
    this.#length += length;
  }

  /** The whole stub: a view, which the caller now owns. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}
