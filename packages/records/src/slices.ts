import { hash } from 'node:crypto';

/** Bits of a prefix: a forest's largest groups need some ten. */
export const MAX_PREFIX_LENGTH = 32;
/** Hexadecimal digits of a key. */
const KEY_DIGITS = 16;
/** Characters of the references of one slice, with quotes and commas: what else a slice says has room beside them. */
const MAX_SLICE_LENGTH = 10_500;

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

/** The first bits of a key, as in a prefix. */
export function bitsOf(key: string): string {
  return Number.parseInt(key.slice(0, MAX_PREFIX_LENGTH / 4), 16)
    .toString(2)
    .padStart(MAX_PREFIX_LENGTH, '0');
}

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
 * the prefix, so that some may be empty.
 */
export function divideMembers(prefix: string, references: readonly string[]): Map<string, string[]> {
  return divide(
    prefix,
    references.map(reference => ({ reference, bits: bitsOf(memberKey(reference)) })),
  );
}

function divide(
  prefix: string,
  members: readonly { reference: string; bits: string }[],
): Map<string, string[]> {
  const length = members.reduce((sum, { reference }) => sum + reference.length + 3, 0);
  if (length <= MAX_SLICE_LENGTH || prefix.length === MAX_PREFIX_LENGTH)
    return new Map([[prefix, members.map(({ reference }) => reference).sort()]]);
  const [zeros, ones] = ['0', '1'].map(bit => prefix + bit) as [string, string];
  const below = Map.groupBy(members, ({ bits }) => (bits.startsWith(zeros) ? zeros : ones));
  return new Map([...divide(zeros, below.get(zeros) ?? []), ...divide(ones, below.get(ones) ?? [])]);
}

/**
 * The slices that say something: for each member the newest one whose prefix covers it decides, and one that decides about nobody is
 * none any more. It does not depend on the order in which they came.
 */
export function liveSlices<S extends Slice>(slices: Iterable<S>): S[] {
  const byPrefix = new Map<string, S>();
  for (const slice of slices) {
    const known = byPrefix.get(slice.prefix);
    if (known === undefined || slice.sequence > known.sequence) byPrefix.set(slice.prefix, slice);
  }
  const longest = Math.max(0, ...[...byPrefix.keys()].map(prefix => prefix.length));
  const live = new Set<S>();
  /** @param newest of those whose prefixes are shorter @returns whether anything below decides otherwise */
  const look = (prefix: string, newest: S | undefined): void => {
    const own = byPrefix.get(prefix);
    const deciding = own !== undefined && own.sequence > (newest?.sequence ?? 0) ? own : newest;
    const isDivided = prefix.length < longest && hasBelow(prefix);
    if (!isDivided) {
      if (deciding) live.add(deciding);
      return;
    }
    look(`${prefix}0`, deciding);
    look(`${prefix}1`, deciding);
  };
  const divided = new Set<string>();
  for (const prefix of byPrefix.keys())
    for (let length = 0; length < prefix.length; length++) divided.add(prefix.slice(0, length));
  const hasBelow = (prefix: string): boolean => divided.has(prefix);
  look('', undefined);
  return [...live];
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
