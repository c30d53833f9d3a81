import type { Difference, PasswordOrder } from '@causeway/contract';
import { dstimeToDate, MAX_DSTIME } from '@causeway/wire';

/** The attributes of an object. An undefined one is not stated, and not compared. */
export type Attributes = Readonly<Record<string, string | boolean | null | undefined>>;

/** When a password was set, or withdrawn. */
export interface Password {
  readonly order: PasswordOrder;
  readonly withdrawn: boolean;
}

/** An object or a membership as one side has it. */
export interface Entry {
  /** An object's anchor; or a membership's group anchor, member key and reference. Both sides are in the order of their keys. */
  readonly key: string;
  readonly name: string;
  readonly attributes: Attributes;
  /** Only for a user. Null if there is none. */
  readonly password?: Password | null | 'not read yet';
}

/** A part of what one side has, from a position on. */
export interface Side<E extends Entry> {
  readonly entries: readonly E[];
  /** The last key read, if there is more behind it. Undefined if the side was read to its end. */
  readonly upTo: string | undefined;
}

/** What differs between two entries, or that one of them is missing. */
export interface Found<O extends Entry, T extends Entry> extends Pick<Difference, 'what' | 'attributes'> {
  readonly isPassword: boolean;
  readonly ours: O | undefined;
  readonly theirs: T | undefined;
}

export interface Compared<O extends Entry, T extends Entry> {
  readonly found: Found<O, T>[];
  /** How many entries were compared. */
  readonly here: number;
  readonly there: number;
  /** How many of these are people whose passwords were not compared. */
  readonly unread: number;
  /** Where both sides continue. Undefined at their ends. */
  readonly upTo: string | undefined;
}

/** Compares the range that both sides were read to. Both are in the order of their keys. */
export function compareEntries<O extends Entry, T extends Entry>(
  ours: Side<O>,
  theirs: Side<T>,
): Compared<O, T> {
  const ends = [ours.upTo, theirs.upTo].filter(end => end !== undefined).sort();
  const upTo = ends[0];
  const isWithin = ({ key }: Entry): boolean => upTo === undefined || key <= upTo;
  const here = ours.entries.filter(isWithin);
  const there = theirs.entries.filter(isWithin);
  const others = new Map(there.map(entry => [entry.key, entry]));
  const found = here.flatMap(entry => {
    const other = others.get(entry.key);
    others.delete(entry.key);
    return other === undefined ? [missing<O, T>('only-here', entry, undefined)] : compareEntry(entry, other);
  });
  found.push(...Array.from(others.values(), other => missing<O, T>('only-there', undefined, other)));
  found.sort((one, other) => compareKeys(keyOf(one), keyOf(other)));
  const unread = here.filter(({ password }) => password === 'not read yet').length;
  return { found, here: here.length, there: there.length, unread, upTo };
}

/** Compares as bytes do, because keys are ASCII. */
const compareKeys = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const keyOf = ({ ours, theirs }: { ours: Entry | undefined; theirs: Entry | undefined }): string =>
  (ours ?? theirs)!.key;

const missing = <O extends Entry, T extends Entry>(
  what: 'only-here' | 'only-there',
  ours: O | undefined,
  theirs: T | undefined,
): Found<O, T> => ({ what, isPassword: false, ours, theirs, attributes: [] });

function compareEntry<O extends Entry, T extends Entry>(ours: O, theirs: T): Found<O, T>[] {
  const attributes = Object.entries(ours.attributes).flatMap(([name, here]) => {
    const there = theirs.attributes[name] ?? null;
    return here === undefined || here === there ? [] : [{ name, here, there }];
  });
  const passwords = comparePasswords(ours.password, storedPassword(theirs));
  return [
    ...(attributes.length > 0
      ? [{ what: 'differs' as const, isPassword: false, ours, theirs, attributes }]
      : []),
    ...(passwords ? [{ ...passwords, isPassword: true, ours, theirs }] : []),
  ];
}

const storedPassword = ({ password }: Entry): Password | null =>
  password === 'not read yet' ? null : (password ?? null);

/** If neither side has a password, the reason does not matter. */
function comparePasswords(
  ours: Entry['password'],
  theirs: Password | null,
): Pick<Difference, 'what' | 'attributes'> | undefined {
  if (ours === undefined || ours === 'not read yet') return undefined;
  if (ours === null && (theirs === null || theirs.withdrawn)) return undefined;
  const [here, there] = [ours && passwordText(ours), theirs && passwordText(theirs)];
  if (here === there) return undefined;
  const what = ours === null ? 'only-there' : theirs === null ? 'only-here' : 'differs';
  return { what, attributes: [{ name: 'password', here, there }] };
}

/** Contains the whole order, so that two equal texts mean the same password. */
export function passwordText({ order, withdrawn }: Password): string {
  const { epoch = 0, version, originatingTime: seconds, originatingInvocationId: by } = order;
  // The time is in whole seconds, and comes from another place, so it may be any number.
  const at =
    seconds <= MAX_DSTIME ? dstimeToDate(BigInt(seconds)).toISOString().replace('.000Z', 'Z') : `${seconds}`;
  const life = epoch > 0 ? ` of epoch ${epoch}` : '';
  return `${withdrawn ? 'withdrawn: ' : ''}version ${version}${life} of ${at}, from ${by}`;
}
