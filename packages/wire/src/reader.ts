import { DecodeError } from './decode-error.ts';

/**
 * A bounds-checked cursor over bytes. The byte order is in the method's name. Every read names its field for the error. Slices are views:
 * copy one before you keep it.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: string;
  offset: number;

  /** @param path prefix of every field name in errors. */
  constructor(bytes: Uint8Array, path = '', offset = 0) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path === '' ? '' : `${path}.`;
    this.offset = offset;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Builds a `DecodeError` for a field of this reader. */
  error(field: string, detail: string, reason: DecodeError['reason'] = 'unexpected'): DecodeError {
    return new DecodeError(this.#path + field, reason, detail);
  }

  /** Moves past `length` bytes and returns the offset where they began. */
  #take(length: number, field: string): number {
    const start = this.offset;
    if (length < 0 || length > this.bytes.length - start) {
      throw this.error(field, `${length} bytes expected, ${this.bytes.length - start} left`, 'truncated');
    }
    this.offset = start + length;
    return start;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }
  u16le(field: string): number {
    return this.#view.getUint16(this.#take(2, field), true);
  }
  u16be(field: string): number {
    return this.#view.getUint16(this.#take(2, field), false);
  }
  u32le(field: string): number {
    return this.#view.getUint32(this.#take(4, field), true);
  }
  i32le(field: string): number {
    return this.#view.getInt32(this.#take(4, field), true);
  }
  u32be(field: string): number {
    return this.#view.getUint32(this.#take(4, field), false);
  }
  u64le(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field), true);
  }
  u64be(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field), false);
  }

  /** A view (no copy) of the next `length` bytes. */
  slice(length: number, field: string): Uint8Array {
    const start = this.#take(length, field);
    return this.bytes.subarray(start, start + length);
  }

  skip(length: number, field: string): void {
    this.#take(length, field);
  }

  /** Moves to the next multiple of `alignment`, counted from the start of the bytes. */
  align(alignment: number, field = 'padding'): void {
    const over = this.offset % alignment;
    if (over !== 0) this.#take(alignment - over, field);
  }

  /** A length or count from the network. Rejects it above `limit`, before anything is allocated for it. */
  limited(value: number, limit: number, field: string): number {
    if (value > limit) throw this.error(field, `${value} is above the limit of ${limit}`, 'limit');
    return value;
  }

  /** Unread trailing bytes are an error. */
  end(field = 'end'): void {
    if (this.remaining !== 0) throw this.error(field, `${this.remaining} bytes too many`, 'trailing');
  }
}
