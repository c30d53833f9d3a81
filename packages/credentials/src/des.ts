/**
 * Single DES (FIPS 46-3), one block at a time, which OpenSSL 3 refuses. It removes the RID layer: two blocks per user, each with its own
 * key, so the key schedule costs as much as the rounds. All tables are built once from the standard's (bits counted from 1, the most
 * significant first).
 */

// biome-ignore format: the standard's own layout
const INITIAL_PERMUTATION = [
  58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4,
  62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
  57, 49, 41, 33, 25, 17,  9, 1, 59, 51, 43, 35, 27, 19, 11, 3,
  61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
];
// biome-ignore format: the standard's own layout
const PERMUTED_CHOICE_1 = [
  57, 49, 41, 33, 25, 17,  9,  1, 58, 50, 42, 34, 26, 18,
  10,  2, 59, 51, 43, 35, 27, 19, 11,  3, 60, 52, 44, 36,
  63, 55, 47, 39, 31, 23, 15,  7, 62, 54, 46, 38, 30, 22,
  14,  6, 61, 53, 45, 37, 29, 21, 13,  5, 28, 20, 12,  4,
];
// biome-ignore format: the standard's own layout
const PERMUTED_CHOICE_2 = [
  14, 17, 11, 24,  1,  5,  3, 28, 15,  6, 21, 10,
  23, 19, 12,  4, 26,  8, 16,  7, 27, 20, 13,  2,
  41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48,
  44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const ROTATIONS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
// biome-ignore format: the standard's own layout
const P = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
  2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];
// biome-ignore format: the standard's own layout
const S_BOXES = [
  [14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
   4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13],
  [15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
   0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9],
  [10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
   13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12],
  [7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
   10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14],
  [2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
   4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3],
  [12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
   9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13],
  [4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
   1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12],
  [13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
   7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11],
];

/** A bit permutation as look-up tables: what each value of each input chunk contributes to the two output words. */
interface Permutation {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
}

/** @param moves pairs of input bit and output bit, both from 1; output bits 33 to 64 are the second word. */
function permutation(chunks: number, chunkBits: number, moves: [from: number, to: number][]): Permutation {
  const size = 1 << chunkBits;
  const first = new Uint32Array(chunks * size);
  const second = new Uint32Array(chunks * size);
  for (const [from, to] of moves) {
    const chunk = Math.floor((from - 1) / chunkBits);
    const bit = 1 << (chunkBits - 1 - ((from - 1) % chunkBits));
    const words = to <= 32 ? first : second;
    for (let value = 0; value < size; value++) {
      if (value & bit) words[chunk * size + value]! |= 1 << (31 - ((to - 1) % 32));
    }
  }
  return { first, second };
}

const INITIAL = permutation(
  8,
  8,
  INITIAL_PERMUTATION.map((from, i) => [from, i + 1]),
);
const FINAL = permutation(
  8,
  8,
  INITIAL_PERMUTATION.map((to, i) => [i + 1, to]),
);
/** 64 key bits to C and D, each in the low 28 bits of a word. */
const CHOICE_1 = permutation(
  8,
  8,
  PERMUTED_CHOICE_1.map((from, i) => [from, i < 28 ? i + 5 : i + 9]),
);
/** C and D, as eight chunks of seven bits, to the eight 6-bit groups: even groups in one word, odd in the other. */
const CHOICE_2 = permutation(
  8,
  7,
  PERMUTED_CHOICE_2.map((from, i) => {
    const group = Math.floor(i / 6);
    return [from, (group % 2) * 32 + (group >> 1) * 8 + (i % 6) + 1];
  }),
);

/** S-box and P in one look-up: 8 boxes of 64 words. */
const SP = new Uint32Array(512);
for (let box = 0; box < 8; box++) {
  for (let input = 0; input < 64; input++) {
    const row = ((input >> 4) & 2) | (input & 1);
    const nibble = S_BOXES[box]![row * 16 + ((input >> 1) & 15)]!;
    const before = nibble << (28 - 4 * box);
    let after = 0;
    for (let i = 0; i < 32; i++) if (before & (1 << (32 - P[i]!))) after |= 1 << (31 - i);
    SP[box * 64 + input] = after;
  }
}

/** Sixteen pairs of words. Every call reuses them (calls never overlap) and wipes them afterwards. */
const schedule = new Uint32Array(32);

function makeSchedule(key: Uint8Array): void {
  let c = 0;
  let d = 0;
  for (let i = 0; i < 8; i++) {
    c |= CHOICE_1.first[i * 256 + key[i]!]!;
    d |= CHOICE_1.second[i * 256 + key[i]!]!;
  }
  for (let round = 0; round < 16; round++) {
    const by = ROTATIONS[round]!;
    c = ((c << by) | (c >>> (28 - by))) & 0xfffffff;
    d = ((d << by) | (d >>> (28 - by))) & 0xfffffff;
    let even = 0;
    let odd = 0;
    for (let i = 0; i < 4; i++) {
      const fromC = i * 128 + ((c >>> (21 - 7 * i)) & 127);
      const fromD = (i + 4) * 128 + ((d >>> (21 - 7 * i)) & 127);
      even |= CHOICE_2.first[fromC]! | CHOICE_2.first[fromD]!;
      odd |= CHOICE_2.second[fromC]! | CHOICE_2.second[fromD]!;
    }
    schedule[2 * round] = even;
    schedule[2 * round + 1] = odd;
  }
}

function cryptBlock(key: Uint8Array, block: Uint8Array, decrypt: boolean): Uint8Array {
  if (key.length !== 8 || block.length !== 8) {
    throw new RangeError(`DES takes 8 bytes of key and of block, got ${key.length} and ${block.length}`);
  }
  makeSchedule(key);
  let left = 0;
  let right = 0;
  for (let i = 0; i < 8; i++) {
    left |= INITIAL.first[i * 256 + block[i]!]!;
    right |= INITIAL.second[i * 256 + block[i]!]!;
  }
  for (let i = 0; i < 16; i++) {
    const round = decrypt ? 15 - i : i;
    const even = ((right >>> 1) | (right << 31)) ^ schedule[2 * round]!;
    const odd = ((right << 3) | (right >>> 29)) ^ schedule[2 * round + 1]!;
    const mixed =
      SP[even >>> 26]! |
      SP[64 + (odd >>> 26)]! |
      SP[128 + ((even >>> 18) & 63)]! |
      SP[192 + ((odd >>> 18) & 63)]! |
      SP[256 + ((even >>> 10) & 63)]! |
      SP[320 + ((odd >>> 10) & 63)]! |
      SP[384 + ((even >>> 2) & 63)]! |
      SP[448 + ((odd >>> 2) & 63)]!;
    const next = left ^ mixed;
    left = right;
    right = next;
  }
  schedule.fill(0);
  let first = 0;
  let second = 0;
  for (let i = 0; i < 4; i++) {
    // The halves are swapped after the last round.
    const fromRight = i * 256 + ((right >>> (24 - 8 * i)) & 0xff);
    const fromLeft = (i + 4) * 256 + ((left >>> (24 - 8 * i)) & 0xff);
    first |= FINAL.first[fromRight]! | FINAL.first[fromLeft]!;
    second |= FINAL.second[fromRight]! | FINAL.second[fromLeft]!;
  }
  const result = new Uint8Array(8);
  for (let i = 0; i < 4; i++) {
    result[i] = first >>> (24 - 8 * i);
    result[i + 4] = second >>> (24 - 8 * i);
  }
  return result;
}

/** One block of 8 bytes under a key of 8 bytes (parity bits ignored). @throws RangeError on other lengths. */
export function desEncryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return cryptBlock(key, block, false);
}

/** The inverse of `desEncryptBlock`. */
export function desDecryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return cryptBlock(key, block, true);
}
