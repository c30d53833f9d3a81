import {
  bytesOf,
  ExtendedDnControl,
  guidFilter,
  type LdapConnection,
  type LdapEntry,
  LdapError,
  type LdapValue,
  rangeOption,
  readValueRange,
  type ValueRange,
} from '@causeway/ldap';
import { DecodeError, decodeGuid, type Guid } from '@causeway/wire';
import { GROUP_FILTER } from './group-attributes.ts';
import { type MemberValue, parseMember } from './member-changes.ts';
import { readAhead } from './read-ahead.ts';

export interface MemberListPart {
  objectGuid: Guid;
  members: MemberValue[];
  /** True in the last part of a group. A list without one was not read to its end. */
  isLast: boolean;
}

/** Groups in memory at once, with their first values. */
const PAGE = 50;
/** Values to ask for of every group at first: the most that Windows sends by default (MaxValRange). */
const FIRST_RANGE = 1_500;
/** Values to ask for of a larger group. Windows sends fewer. Samba (4.17) sends them all, and builds the whole list for each request. */
const RANGE = 20_000;
/** Largest range, because it is kept in memory. */
const MAX_RANGE = 50_000;
/** Ends the reading from a server that always announces more. */
const MAX_MEMBERS = 10_000_000;
const MAX_GROUPS_OF_ONE = 100_000;
/** How often a list that ended in an error is read in all. */
const ATTEMPTS = 3;

/**
 * The members of groups as they are now, by their extended names, in parts. The parts of a group come one after the other. With
 * `objectGuids` it reads these groups, and nothing for one that does not exist; without it, all groups of the naming context.
 *
 * A list may lack members: the account may not be allowed to read all of it, and if a value is removed while a list is read in several
 * parts, the others move up and one is missed. A value whose name cannot be read comes without GUID and SID.
 *
 * @throws LdapError as the connection has them; for lists that could not be read to their end, after all others were
 */
export async function* readMemberLists(
  connection: LdapConnection,
  options: { namingContext: string; objectGuids?: Iterable<Guid>; rangeSize?: number },
): AsyncGenerator<MemberListPart, void> {
  const { namingContext, objectGuids } = options;
  const count = Math.min(options.rangeSize ?? RANGE, MAX_RANGE);
  const broken: LdapError[] = [];
  const filters = objectGuids ? groupsByGuid(objectGuids) : [GROUP_FILTER];
  const pages = pagesOf(connection, namingContext, filters, Math.min(count, FIRST_RANGE));
  for await (const entries of readAhead(pages)) {
    const longer: Guid[] = [];
    for (const entry of entries) {
      const guid = bytesOf(entry, 'objectGUID');
      if (guid?.length !== 16) continue; // the account may not read it
      const objectGuid = decodeGuid(guid);
      const first = readFirst(entry);
      if (first) yield { objectGuid, members: first.values.map(toMember), isLast: true };
      else longer.push(objectGuid); // read again from the start, so that the parts of one group come together
    }
    for (const objectGuid of longer) {
      try {
        yield* readLongList(connection, { namingContext, objectGuid, filter: GROUP_FILTER }, count);
      } catch (error) {
        if (!(error instanceof LdapError) || !connection.usable) throw error;
        broken.push(error); // of one group; read the others first
      }
    }
  }
  if (broken[0]) throw broken[0];
}

/** Groups with the first values of their lists. */
async function* pagesOf(
  connection: LdapConnection,
  namingContext: string,
  filters: Iterable<string>,
  count: number,
): AsyncGenerator<LdapEntry[], void> {
  for (const filter of filters)
    yield* connection.searchPages(namingContext, {
      filter,
      attributes: ['objectGUID', rangeOption('member', 0, count)],
      controls: [new ExtendedDnControl()],
      pageSize: PAGE,
    });
}

/** A list that came whole; undefined: it must be read separately. */
function readFirst(entry: LdapEntry): ValueRange | undefined {
  try {
    const first = readValueRange(entry, 'member', 0);
    return first.next === undefined ? first : undefined;
  } catch {
    return undefined; // the separate read reports what is wrong with it
  }
}

async function* readLongList(
  connection: LdapConnection,
  object: SoughtObject,
  count: number,
): AsyncGenerator<MemberListPart, void> {
  const { objectGuid } = object;
  const ranges = readRanges(connection, object, 'member', count, MAX_MEMBERS);
  for await (const { values, isLast } of readAhead(ranges))
    yield { objectGuid, members: values.map(toMember), isLast };
}

/** The groups of an object as its `memberOf` shows them now; none for an object that does not exist. */
export async function readMemberOf(
  connection: LdapConnection,
  { namingContext, objectGuid }: { namingContext: string; objectGuid: Guid },
): Promise<Guid[]> {
  const groups = new Set<Guid>();
  const object = { namingContext, objectGuid, filter: '(objectClass=*)' };
  for await (const { values } of readRanges(connection, object, 'memberOf', RANGE, MAX_GROUPS_OF_ONE))
    for (const value of values) {
      const { guid } = toMember(value);
      if (guid !== null) groups.add(guid);
    }
  return [...groups];
}

interface SoughtObject {
  namingContext: string;
  objectGuid: Guid;
  filter: string;
}

/**
 * All values of an attribute, range by range. If a list has become shorter than the start of the next range, some servers return an error.
 * An error proves no end, so the list is read again from its start. Yields nothing for an object that does not exist (any more).
 */
async function* readRanges(
  connection: LdapConnection,
  object: SoughtObject,
  attribute: string,
  count: number,
  limit: number,
): AsyncGenerator<{ values: LdapValue[]; isLast: boolean }, void> {
  const filter = `(&${object.filter}${guidFilter(object.objectGuid)})`;
  let attempt = 1;
  for (let from = 0; ; ) {
    const attributes = [rangeOption(attribute, from, count)];
    const controls = [new ExtendedDnControl()];
    try {
      const [entry] = await connection.search(object.namingContext, { filter, attributes, controls });
      if (!entry) return;
      const { values, next } = readValueRange(entry, attribute, from);
      yield { values, isLast: next === undefined };
      if (next === undefined) return;
      from = next;
    } catch (error) {
      const isRefused = error instanceof LdapError && error.resultCode !== undefined;
      if (!isRefused || from === 0 || attempt++ === ATTEMPTS) throw error;
      from = 0;
    }
    if (from > limit) {
      const text = `${attribute} of ${object.objectGuid} has more than ${limit} values at ${connection.peer}: at most so many are read`;
      throw new LdapError('limit', text);
    }
  }
}

function* groupsByGuid(objectGuids: Iterable<Guid>): Generator<string> {
  const guids = [...new Set(objectGuids)];
  for (let at = 0; at < guids.length; at += PAGE)
    yield `(&${GROUP_FILTER}(|${guids
      .slice(at, at + PAGE)
      .map(guidFilter)
      .join('')}))`;
}

function toMember(value: LdapValue): MemberValue {
  try {
    return parseMember(value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { guid: null, sid: null, dn: typeof value === 'string' ? value : value.toString('latin1') };
  }
}
