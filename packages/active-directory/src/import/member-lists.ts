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
  /** With the last part of a group. A list that comes without one was not read to its end. */
  isLast: boolean;
}

/** Groups that are in memory at once, with their first values. */
const PAGE = 50;
/** Values that are asked of every group at first: what Windows sends at most unless told otherwise (MaxValRange). */
const FIRST_RANGE = 1_500;
/** Values of larger groups. Windows sends fewer; Samba (4.17) sends them all, and builds the whole list for each question. */
const RANGE = 20_000;
/** Largest range: what is asked for is kept in memory. */
const MAX_RANGE = 50_000;
/** A server that says *more* again and again is not read for ever. */
const MAX_MEMBERS = 10_000_000;
const MAX_GROUPS_OF_ONE = 100_000;
/** How often a list is begun anew that ended in an error. */
const ATTEMPTS = 3;

/**
 * The members of groups as they are now, by their extended names, in parts; those of a group come one after the other. Without
 * `objectGuids`, of all groups of the naming context; with them, of these: one that is not there gives nothing.
 *
 * What is missing in a list is not said to be absent: the account may not read all of it, and while a list is read in several parts,
 * a value that is removed moves the others, so that one is passed over. A value whose name cannot be read comes without GUID and SID.
 *
 * @throws LdapError as the connection has them; of lists that could not be read to their end, after all others were
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
      else longer.push(objectGuid); // begun anew, so that the parts of one group come together
    }
    for (const objectGuid of longer) {
      try {
        yield* readLongList(connection, { namingContext, objectGuid, filter: GROUP_FILTER }, count);
      } catch (error) {
        if (!(error instanceof LdapError) || !connection.usable) throw error;
        broken.push(error); // of one group: the others are read first
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

/** A list that came whole; undefined: it has to be read by itself. */
function readFirst(entry: LdapEntry): ValueRange | undefined {
  try {
    const first = readValueRange(entry, 'member', 0);
    return first.next === undefined ? first : undefined;
  } catch {
    return undefined; // what is wrong with it is told when it is read by itself
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

/** The groups that an object is in, as its `memberOf` shows them now; of an object that is not there, none. */
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
 * All values of an attribute, range by range. A list that became shorter than where the next range begins is told by some servers as an
 * error: it is begun anew, because an error proves no end. Of an object that is not there (any more), nothing.
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
