import { getHeapStatistics } from 'node:v8';
import { DecodeError } from '../decode-error.ts';

export interface FuzzOptions {
  /** The same seed gives the same mutations. A failure names it. */
  seed: number;
  /** Number of mutated copies; 2,000 by default. */
  mutations?: number;
}

/** Memory that one decoding may take: far above any genuine vector, far below a false length. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

/** Edge values for lengths, counts and offsets. */
const EDGES = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
];

/**
 * Feeds a decoder every truncation and many seeded mutations of bytes that it can decode. Each must end in a result or in a `DecodeError`
 * that names a field, and must not allocate for a false length.
 *
 * @throws Error that names the case (truncation length, or seed and mutation number) and keeps the `cause`.
 */
export function truncationsAndMutations(
  vector: Uint8Array,
  options: FuzzOptions,
  decode: (bytes: Uint8Array) => void,
): void {
  const { length: total } = vector;
  for (let length = 0; length < total; length++) {
    decodeOnce(copy(vector.subarray(0, length)), `truncated to ${length} of ${total} bytes`, decode);
  }
  const random = mulberry32(options.seed);
  const count = options.mutations ?? 2000;
  for (let i = 0; i < count; i++) {
    decodeOnce(mutated(vector, random), `seed ${options.seed}, mutation ${i}`, decode);
  }
}

function decodeOnce(bytes: Uint8Array, name: string, decode: (bytes: Uint8Array) => void): void {
  const before = memoryInUse();
  try {
    decode(bytes);
  } catch (cause) {
    if (!(cause instanceof DecodeError) || cause.field === '') {
      throw new Error(`${name}: a result or a DecodeError with a field was expected`, { cause });
    }
  }
  const growth = memoryInUse() - before;
  if (growth > MAX_GROWTH_BYTES) throw new Error(`${name}: decoding took ${growth} bytes of memory`);
}

/** V8's own count. `process.memoryUsage` also asks the system, which takes longer than most decodings. */
function memoryInUse(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** A copy with one to four random changes: bits, bytes, edge values of 1, 2 or 4 bytes, ranges cut or doubled. */
function mutated(vector: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = copy(vector);
  for (let change = 1 + random(4); change > 0; change--) {
    if (bytes.length === 0) return bytes;
    const at = random(bytes.length);
    switch (random(5)) {
      case 0:
        bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2: {
        const value = EDGES[random(EDGES.length)]!;
        const size = Math.min([1, 2, 4][random(3)]!, bytes.length - at);
        const bigEndian = random(2) === 1;
        for (let i = 0; i < size; i++) bytes[at + (bigEndian ? size - 1 - i : i)] = value >>> (8 * i);
        break;
      }
      case 3:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random(8)));
        break;
      default:
        bytes = joined(bytes.subarray(0, at + random(16)), bytes.subarray(at));
    }
  }
  return bytes;
}

/** `slice` of a Buffer is a view: changes would reach the vector. */
function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** Tommy Ettinger's mulberry32, as integers below a bound. */
function mulberry32(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
