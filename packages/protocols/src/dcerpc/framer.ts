import { decodePduHeader, MAX_FRAGMENT_BYTES, PDU_HEADER_BYTES } from './pdu.ts';

/**
 * Splits a stream of bytes into PDUs. A PDU that is whole in a chunk is passed on as a view of it. One that spans chunks is assembled in a
 * single buffer of the largest fragment's size, which bounds the memory.
 */
export class Framer {
  readonly #partial = new Uint8Array(MAX_FRAGMENT_BYTES);
  #have = 0;
  #closed = false;

  /** True between two PDUs: a stream that ends now ends cleanly. */
  get atBoundary(): boolean {
    return this.#have === 0;
  }

  /**
   * Calls `onPdu` for each complete PDU. The callback may read and overwrite the bytes until it returns.
   *
   * @throws DecodeError for an invalid header.
   */
  push(bytes: Uint8Array, onPdu: (pdu: Uint8Array) => void): void {
    // Not a Buffer, whose slice() would be a view where the decoders expect a copy.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < chunk.length && !this.#closed) {
      if (this.#have === 0) {
        const left = chunk.subarray(at);
        const length = left.length < PDU_HEADER_BYTES ? Infinity : decodePduHeader(left).fragmentLength;
        if (length <= left.length) {
          at += length;
          onPdu(left.subarray(0, length));
          continue;
        }
      }
      at += this.#fill(chunk, at, PDU_HEADER_BYTES);
      if (this.#have < PDU_HEADER_BYTES) return;
      const { fragmentLength } = decodePduHeader(this.#partial.subarray(0, PDU_HEADER_BYTES));
      at += this.#fill(chunk, at, fragmentLength);
      if (this.#have < fragmentLength) return;
      this.#have = 0;
      onPdu(this.#partial.subarray(0, fragmentLength));
    }
  }

  /** Copies until `target` bytes are there. Returns how many it took. */
  #fill(chunk: Uint8Array, at: number, target: number): number {
    const count = Math.max(0, Math.min(target - this.#have, chunk.length - at));
    this.#partial.set(chunk.subarray(at, at + count), this.#have);
    this.#have += count;
    return count;
  }

  /** Passes nothing more on, and overwrites what was kept. */
  close(): void {
    this.#closed = true;
    this.#partial.fill(0);
  }
}
