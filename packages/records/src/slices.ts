import { hash } from 'node:crypto';

/** Bits of a prefix: a forest's largest groups need some ten. */
export const MAX_PREFIX_LENGTH = 32;
/** Hexadecimal digits of a key. */
const KEY_DIGITS = 16;
/** Bytes of the references of one slice, with quotes and commas: whatever else a slice says has room beside them. */
const MAX_SLICE_LENGTH = 10_000;

/** What is known of a slice but its members. */
export interface Slice {
  /** `0` and `1` for each bit; empty for the slice of all. */
  readonly prefix: string;
  readonly sequence: number;
}

/** The key of a member: the first 8 bytes of the SHA-256 of its reference, in hexadecimal digits. */
export function memberKey(reference: string): string {
  return hash('sha256', reference, 'hex').slice(0, KEY_DIGITS);
}

/** The reference by which a group of the tenant's own names a user of a forest. No forest's name has a slash. */
export function referenceToForest(forest: string, anchor: string): string {
  return `${forest}/${anchor}`;
}

/** The first bits of a key, as in a prefix. */
export function bitsOf(key: string): string {
  return firstBits(key).toString(2).padStart(MAX_PREFIX_LENGTH, '0');
}

const firstBits = (key: string): number => Number.parseInt(key.slice(0, MAX_PREFIX_LENGTH / 4), 16);

/** The prefixes of all slices that may tell of a member, the shortest first. */
export function prefixesOf(key: string): string[] {
  const bits = bitsOf(key);
  return Array.from({ length: MAX_PREFIX_LENGTH + 1 }, (_, length) => bits.slice(0, length));
}

/** The smallest and the largest key below a prefix. */
export function keyRange(prefix: string): [from: string, to: string] {
  const key = (rest: string): string => {
    const bits = prefix.padEnd(MAX_PREFIX_LENGTH, rest);
    const digits = Number.parseInt(bits, 2)
      .toString(16)
      .padStart(MAX_PREFIX_LENGTH / 4, '0');
    return digits.padEnd(KEY_DIGITS, rest === '0' ? '0' : 'f');
  };
  return [key('0'), key('1')];
}

export const isBelow = (prefix: string, key: string): boolean => bitsOf(key).startsWith(prefix);

/**
 * Divides the members below a prefix into slices that a record can hold, each with its prefix: one, where they fit. Together they cover
 * the prefix, so that some may be empty. Whoever is not below the prefix is left out.
 *
 * @param keyOf where the keys are known already
 * @returns the members of each, once each and in the order of a record
 */
export function divideMembers(
  prefix: string,
  references: Iterable<string>,
  keyOf: (reference: string) => string = memberKey,
): Map<string, string[]> {
  const members = Array.from(new Set(references), reference => ({
    reference,
    bits: firstBits(keyOf(reference)),
    length: Buffer.byteLength(JSON.stringify(reference)) + 1,
  }));
  const slices = new Map<string, string[]>();
  const divide = (prefix: string, below: typeof members): void => {
    const length = below.reduce((sum, member) => sum + member.length, 0);
    if (length <= MAX_SLICE_LENGTH || prefix.length === MAX_PREFIX_LENGTH) {
      slices.set(prefix, below.map(({ reference }) => reference).sort());
      return;
    }
    const next = 2 ** (MAX_PREFIX_LENGTH - 1 - prefix.length);
    const isOne = ({ bits }: { bits: number }): boolean => Math.floor(bits / next) % 2 === 1;
    divide(
      `${prefix}0`,
      below.filter(member => !isOne(member)),
    );
    divide(`${prefix}1`, below.filter(isOne));
  };
  const [from, to] = keyRange(prefix).map(firstBits) as [number, number];
  divide(
    prefix,
    members.filter(({ bits }) => from <= bits && bits <= to),
  );
  return slices;
}

/**
 * The slices that say something: for each member the newest one whose prefix covers it decides, and one that decides about nobody is
 * none any more. It does not depend on the order in which they came, nor on whether those that say nothing were dropped on the way.
 */
export function liveSlices<S extends Slice>(slices: Iterable<S>): S[] {
  const byPrefix = new Map<string, S>();
  for (const slice of slices) {
    const known = byPrefix.get(slice.prefix);
    if (known === undefined || slice.sequence > known.sequence) byPrefix.set(slice.prefix, slice);
  }
  /** Prefixes below which there are longer ones. */
  const divided = new Set<string>();
  for (const prefix of byPrefix.keys())
    for (let length = 0; length < prefix.length; length++) divided.add(prefix.slice(0, length));
  const live = new Set<S>();
  /** @param newest of the slices whose prefixes are shorter */
  const look = (prefix: string, newest: S | undefined): void => {
    const own = byPrefix.get(prefix);
    const deciding = own !== undefined && own.sequence > (newest?.sequence ?? 0) ? own : newest;
    if (divided.has(prefix)) {
      look(`${prefix}0`, deciding);
      look(`${prefix}1`, deciding);
    } else if (deciding) live.add(deciding);
  };
  look('', undefined);
  return [...live];
}

/** Whether slices with these prefixes tell of everybody: only then does it follow from them who is not in the group. */
export function coversEverybody(prefixes: Iterable<string>): boolean {
  const known = new Set(prefixes);
  const longest = Math.max(0, ...Array.from(known, ({ length }) => length));
  const covers = (prefix: string): boolean =>
    known.has(prefix) || (prefix.length < longest && covers(`${prefix}0`) && covers(`${prefix}1`));
  return covers('');
}

/** The newest slice that covers a member; undefined where none does. */
export function decidingSlice<S extends Slice>(slices: ReadonlyMap<string, S>, key: string): S | undefined {
  let newest: S | undefined;
  for (const prefix of prefixesOf(key)) {
    const slice = slices.get(prefix);
    if (slice !== undefined && slice.sequence > (newest?.sequence ?? 0)) newest = slice;
  }
  return newest;
}
