import { decodeSid, encodeSid, type Guid, isGuid, type Sid } from '@causeway/wire';
import { fromBase64url } from '../base64url.ts';
import { isObject } from '../canonical-json.ts';
import { isKeyId } from '../public-key.ts';

/** What a value must be, and its type if it is. */
export interface Check<T> {
  /** In plain words, for errors and for docs/formats.md. */
  readonly expected: string;
  holds(value: unknown): value is T;
  /** Undefined if the value is right; otherwise what follows its name in an error: `: a SID expected`, `.version: missing`. */
  wrong(value: unknown): string | undefined;
}

/** A member of an object: its check and its meaning. */
export interface Field<T> {
  readonly check: Check<T>;
  /** A sentence for docs/formats.md, with the source or specification if there is one. */
  readonly meaning: string;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
/** The type that a check gives a value. */
export type ValueOf<C> = C extends Check<infer T> ? T : never;
/** The type of an object with these fields. */
export type ValuesOf<F extends Fields> = { -readonly [N in keyof F]: ValueOf<F[N]['check']> };

export interface ObjectCheck<T> extends Check<T> {
  readonly fields: Fields;
  /** A copy of exactly the documented members, in the order of canonical JSON. Checks nothing. */
  only(values: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

export const U32_MAX = 0xffff_ffff;
/** `S-1-`, an authority of at most 14 characters, and 15 times a hyphen with 10 digits. */
const MAX_SID_LENGTH = 184;

export function field<T>(check: Check<T>, meaning: string): Field<T> {
  return { check, meaning };
}

function check<T>(expected: string, holds: (value: unknown) => boolean): Check<T> {
  const wrong = `: ${expected} expected`;
  return {
    expected,
    holds: (value): value is T => holds(value),
    wrong: value => (holds(value) ? undefined : wrong),
  };
}

export const bool = check<boolean>('true or false', value => typeof value === 'boolean');
export const guid = check<Guid>(
  'a GUID in lower case',
  value => typeof value === 'string' && isGuid(value) && value === value.toLowerCase(),
);
export const keyId = check<string>('a key id', isKeyId);
export const sid = check<Sid>(
  'a SID',
  value => typeof value === 'string' && value.length <= MAX_SID_LENGTH && isSid(value),
);
export const time = check<string>(
  'a time as 2026-01-31T12:00:00.000Z',
  value => typeof value === 'string' && isIsoTime(value),
);
export const none = check<null>('null', value => value === null);
/** For a member that the kind has only in other versions. */
export const absent = check<undefined>('absent', value => value === undefined);

/** Whether it is the canonical text of a SID: decoding its bytes returns the same text. */
function isSid(text: string): boolean {
  try {
    return decodeSid(encodeSid(text)) === text;
  } catch {
    return false;
  }
}

function isIsoTime(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return false;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

export function orNull<T>({ expected, holds }: Check<T>): Check<T | null> {
  return check(`${expected}, or null`, value => value === null || holds(value));
}

export function either<A, B>(a: Check<A>, b: Check<B>): Check<A | B> {
  return check(`${a.expected}, or ${b.expected}`, value => a.holds(value) || b.holds(value));
}

/** @param expected of the narrowed check */
export function narrowed<T>(of: Check<T>, expected: string, holds: (value: T) => boolean): Check<T> {
  return check(expected, value => of.holds(value) && holds(value));
}

export function literal<const T extends string | number>(expected: T): Check<T> {
  return check(typeof expected === 'string' ? `'${expected}'` : `${expected}`, value => value === expected);
}

export function oneOf<const T extends string>(values: readonly T[]): Check<T> {
  return check(`one of ${values.join(', ')}`, value => (values as readonly unknown[]).includes(value));
}

/** One to `limit` characters. No control characters, which do not belong in a name, a log or a terminal. */
export function text(limit: number): Check<string> {
  return check(
    `text of 1 to ${inWords(limit)} characters`,
    value =>
      typeof value === 'string' &&
      value.length >= 1 &&
      value.length <= limit &&
      value.isWellFormed() &&
      !/\p{Cc}/u.test(value),
  );
}

export function integer(least: number, most: number): Check<number> {
  return check(
    `a whole number from ${least} to ${inWords(most)}`,
    value => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  );
}

/** Numbers below `limit`, ascending, so that none occurs twice. */
export function ascending(limit: number): Check<readonly number[]> {
  return check(
    `an array of ascending numbers from 0 to ${inWords(limit - 1)}`,
    value =>
      Array.isArray(value) &&
      value.every((n, i) => Number.isInteger(n) && n >= 0 && n < limit && (i === 0 || n > value[i - 1])),
  );
}

/** At most `limit` names of a kind and a version, ascending, so that none occurs twice. */
export function recordNames(limit: number): Check<readonly string[]> {
  return check(
    `an array of at most ${limit} ascending names such as account-3`,
    value =>
      Array.isArray(value) &&
      value.length <= limit &&
      value.every(
        (name, i) =>
          typeof name === 'string' &&
          /^[a-z]{1,32}-[1-9]\d{0,3}$/.test(name) &&
          (i === 0 || name > value[i - 1]),
      ),
  );
}

/** At most `limit` texts of at most `length` characters, in code-unit order, so that none occurs twice. */
export function ascendingTexts(limit: number, length: number): Check<readonly string[]> {
  const { holds } = text(length);
  return check(
    `an array of at most ${inWords(limit)} ascending texts of 1 to ${inWords(length)} characters`,
    value =>
      Array.isArray(value) &&
      value.length <= limit &&
      value.every((one, i) => holds(one) && (i === 0 || one > value[i - 1])),
  );
}

/** At most this many bits, each as a digit. */
export function bits(limit: number): Check<string> {
  return check(
    `text of at most ${limit} digits, each 0 or 1`,
    value => typeof value === 'string' && value.length <= limit && /^[01]*$/.test(value),
  );
}

/** @param isLength whether this number of bytes is allowed */
export function base64url(expected: string, isLength: (length: number) => boolean): Check<string> {
  return check(
    `${expected} in base64url`,
    value => typeof value === 'string' && isLength(fromBase64url(value)?.length ?? -1),
  );
}

/** The values of rows with these columns. */
type Rows<C extends readonly Check<unknown>[]> = readonly {
  readonly [I in keyof C]: ValueOf<C[I]>;
}[];

/** At most `limit` rows, each with a value for each column. */
export function rows<C extends readonly Check<unknown>[]>(limit: number, ...columns: C): Check<Rows<C>> {
  const cells = columns.map(column => column.expected).join(', ');
  return check(
    `an array of at most ${inWords(limit)} rows of ${cells}`,
    value =>
      Array.isArray(value) &&
      value.length <= limit &&
      value.every(
        row =>
          Array.isArray(row) &&
          row.length === columns.length &&
          columns.every((column, i) => column.holds(row[i])),
      ),
  );
}

/** Exactly these members, except absent ones. The error does not repeat the names of unknown ones. */
export function object<F extends Fields>(fields: F): ObjectCheck<ValuesOf<F>> {
  const members = Object.entries(fields)
    .map(([name, { check }]) => ({ name, check }))
    .filter(({ check }) => check !== absent);
  const signed = members
    .map(({ name, check }) => ({ name, object: isObjectCheck(check) ? check : undefined }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const wrong = (value: unknown): string | undefined => {
    if (!isObject(value)) return ': an object expected';
    for (const { name, check } of members) {
      if (!Object.hasOwn(value, name)) return `.${name}: missing`;
      const problem = check.wrong(value[name]);
      if (problem !== undefined) return `.${name}${problem}`;
    }
    return Object.keys(value).length === members.length ? undefined : ': a member that is unknown';
  };
  return {
    expected: `an object of ${members.map(({ name }) => name).join(', ')}`,
    fields,
    wrong,
    holds: (value): value is ValuesOf<F> => wrong(value) === undefined,
    only(values) {
      const copy: Record<string, unknown> = {};
      for (const { name, object } of signed) {
        const value = values[name];
        copy[name] = object !== undefined && isObject(value) ? object.only(value) : value;
      }
      return copy;
    },
  };
}

export function isObjectCheck(check: Check<unknown>): check is ObjectCheck<unknown> {
  return 'only' in check;
}

function inWords(number: number): string {
  if (number === U32_MAX) return '2^32 - 1';
  return number === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : number.toLocaleString('en-US');
}
