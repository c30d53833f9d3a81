import { hash } from 'node:crypto';

/** Bits of a prefix. A forest's largest groups need about ten. */
export const MAX_PREFIX_LENGTH = 32;
/** Hexadecimal digits of a key. */
const KEY_DIGITS = 16;
/** Bytes of one slice's references, with quotes and commas. Leaves room for the slice's other members. */
const MAX_SLICE_LENGTH = 10_000;

/** A slice without its members. */
export interface Slice {
  /** `0` and `1` for each bit; empty for the slice of all. */
  readonly prefix: string;
  readonly sequence: number;
}

/** The key of a member: the first 8 bytes of its reference's SHA-256, in hexadecimal digits. */
export function memberKey(reference: string): string {
  return hash('sha256', reference, 'hex').slice(0, KEY_DIGITS);
}

/** The reference by which one of the tenant's own groups names a forest's user. No forest's name contains a slash. */
export function referenceToForest(forest: string, anchor: string): string {
  return `${forest}/${anchor}`;
}

/** The first bits of a key, in the form of a prefix. */
export function bitsOf(key: string): string {
  return firstBits(key).toString(2).padStart(MAX_PREFIX_LENGTH, '0');
}

const firstBits = (key: string): number => Number.parseInt(key.slice(0, MAX_PREFIX_LENGTH / 4), 16);

/** The prefixes of all slices that may contain a member, the shortest first. */
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
 * Divides the members below a prefix into slices that fit into a record, each with its prefix. One, if they all fit. Together they cover
 * the prefix, so some may be empty. Members outside the prefix are left out.
 *
 * @param keyOf for keys that are known already
 * @returns the members of each slice, without duplicates and in the order of a record
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
 * The slices that matter. For each member, the newest slice whose prefix covers it decides; a slice that decides about no member is not
 * live any more. The result depends neither on the order in which they came, nor on whether slices that are not live were dropped on the
 * way.
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
  /** @param newest of the slices with shorter prefixes */
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

/** Whether slices with these prefixes cover every member. Only then do they tell who is not in the group. */
export function coversEverybody(prefixes: Iterable<string>): boolean {
  const known = new Set(prefixes);
  const longest = Math.max(0, ...Array.from(known, ({ length }) => length));
  const covers = (prefix: string): boolean =>
    known.has(prefix) || (prefix.length < longest && covers(`${prefix}0`) && covers(`${prefix}1`));
  return covers('');
}

/** The newest slice that covers a member; undefined if there is none. */
export function decidingSlice<S extends Slice>(slices: ReadonlyMap<string, S>, key: string): S | undefined {
  let newest: S | undefined;
  for (const prefix of prefixesOf(key)) {
    const slice = slices.get(prefix);
    if (slice !== undefined && slice.sequence > (newest?.sequence ?? 0)) newest = slice;
  }
  return newest;
}
