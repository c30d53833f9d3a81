import { type ExtendedDn, type LdapEntry, type LdapValue, parseExtendedDn, rangeOf } from '@causeway/ldap';
import { DecodeError } from '@causeway/wire';

/** A value of `member`, by its extended name ([MS-ADTS] 3.1.1.3.4.1.5). Without GUID and SID it is just a name. */
export type MemberValue = ExtendedDn;

/** What a delta reports about a group's members. An entry's removals come before its additions. */
export interface MemberChanges {
  added: MemberValue[];
  removed: MemberValue[];
  /**
   * The delta does not show every change, so the list must be read. Either a plain `member` came (links older than replication of single
   * values, or a domain controller that reports no single values), or some values could not be read.
   */
  isWhole: boolean;
}

/** Most changed members of one group that are kept. If there are more, the list must be read. */
export const MAX_MEMBER_CHANGES = 50_000;

const ADDED = 1;
const REMOVED = 0;

/** Values of a link that a delta with incremental values reports as added (`range=1-1`) or removed (`range=0-0`). */
export function linkChanges(
  entry: LdapEntry,
  attribute: string,
): { added: LdapValue[]; removed: LdapValue[]; others: boolean } | undefined {
  let [added, removed]: [LdapValue[], LdapValue[]] = [[], []];
  let [found, others] = [false, false];
  for (const [name, values] of Object.entries(entry.attributes)) {
    const range = rangeOf(attribute, name);
    if (range === undefined) continue;
    found = true;
    if (range.from === ADDED && range.to === ADDED) added = added.concat(values);
    else if (range.from === REMOVED && range.to === REMOVED) removed = removed.concat(values);
    else others = true;
  }
  return found ? { added, removed, others } : undefined;
}

/** `member`, or a range of it. */
export const isOfMember = (name: string): boolean =>
  name.toLowerCase() === 'member' || rangeOf('member', name) !== undefined;

/** What an entry reports about `member`; undefined: nothing. Unreadable values are reported, and their list must be read. */
export function readMemberChanges(entry: LdapEntry, problems: string[]): MemberChanges | undefined {
  const changes = linkChanges(entry, 'member');
  const plain = entry.attributes.member;
  const cut = entry.cut?.some(isOfMember) ?? false;
  if (changes === undefined && plain === undefined && !cut) return undefined;
  const { added, removed, others } = changes ?? { added: [], removed: [], others: false };
  // Beside values with a range, an empty attribute means nothing.
  const isPlain = plain !== undefined && (plain.length > 0 || changes === undefined);
  if (added.length + removed.length > MAX_MEMBER_CHANGES) return { added: [], removed: [], isWhole: true };
  const before = problems.length;
  const read = (values: LdapValue[]) => values.flatMap(value => readMember(value, problems));
  const values = { added: read(added), removed: read(removed) };
  return { ...values, isWhole: isPlain || others || cut || problems.length > before };
}

function readMember(value: LdapValue, problems: string[]): MemberValue[] {
  try {
    return [parseMember(value)];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    problems.push(`member: ${error.message}`);
    return [];
  }
}

/** @throws DecodeError */
export function parseMember(value: LdapValue): MemberValue {
  if (typeof value === 'string') return parseExtendedDn(value);
  throw new DecodeError('member', 'unexpected', 'text in UTF-8 expected');
}
