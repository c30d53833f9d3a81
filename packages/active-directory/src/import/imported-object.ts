import { bytesOf, type LdapEntry, type LdapValue, parseExtendedDn, textOf } from '@causeway/ldap';
import { DecodeError, decodeGuid, decodeSid, type Guid } from '@causeway/wire';
import type { AttributeShape } from './attribute-shape.ts';
import { isOfMember, linkChanges, type MemberChanges, readMemberChanges } from './member-changes.ts';

export interface ImportedObject {
  objectGuid: Guid;
  distinguishedName: string;
  isDeleted: boolean;
  /** In a delta: it was deleted, and has been restored. Only the directory knows what it lost or kept meanwhile. */
  isRestored: boolean;
  /** Empty in a delta: an object's class does not change. */
  objectClass: string[];
  /**
   * What changed, or everything in a full import. `null`: the attribute has no value any more. An attribute that is not named did not
   * change (delta) or has no value (full import). A deleted object has only what a tombstone keeps.
   */
  attributes: Record<string, string | string[] | null>;
  /** In a delta, for a group whose members changed. A full import brings no members: read their lists. */
  memberChanges?: MemberChanges;
  /** One message for each value that could not be read. The rest of the object is good. */
  problems: string[];
}

/** The attributes to ask for, by the names that DirSync sends, and those that every object is judged by. */
export const askedAttributes = (shapes: Readonly<Record<string, AttributeShape>>): string[] => [
  ...Object.entries(shapes).map(([name, { sentAs }]) => sentAs ?? name),
  'objectClass',
  'isDeleted',
];

/** The objects of an answer, and a message for each that could not be read at all. */
export function readEntries(
  entries: readonly LdapEntry[],
  shapes: Readonly<Record<string, AttributeShape>>,
): { objects: ImportedObject[]; unreadable: string[] } {
  const objects: ImportedObject[] = [];
  const unreadable: string[] = [];
  for (const entry of entries) {
    const object = toObject(entry, shapes);
    if (typeof object === 'string') unreadable.push(object);
    else objects.push(object);
  }
  return { objects, unreadable };
}

/** The object, or a message that tells why it cannot be read. */
function toObject(
  entry: LdapEntry,
  shapes: Readonly<Record<string, AttributeShape>>,
): ImportedObject | string {
  const guid = bytesOf(entry, 'objectGUID');
  if (guid?.length !== 16) return `'${entry.dn}' came without its objectGUID`;
  const attributes: ImportedObject['attributes'] = {};
  const problems = (entry.cut ?? [])
    .filter(name => !isOfMember(name))
    .map(name => `${name}: it has too many values to be read`);
  for (const [name, shape] of Object.entries(shapes)) {
    const values = sentValues(entry, shape.sentAs ?? name, shape);
    if (values === undefined) continue;
    try {
      const converted = values.map(value => convert(value, shape));
      attributes[name] = converted.length === 0 ? null : shape.multiple ? converted : converted[0]!;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  const isDeleted = textOf(entry, 'isDeleted') === 'TRUE';
  // A deleted object has no links any more.
  const memberChanges = isDeleted ? undefined : readMemberChanges(entry, problems);
  return {
    objectGuid: decodeGuid(guid),
    distinguishedName: plainDn(entry.dn),
    isDeleted,
    isRestored: entry.attributes.isDeleted?.length === 0,
    objectClass: (entry.attributes.objectClass ?? []).map(String),
    attributes,
    ...(memberChanges && { memberChanges }),
    problems,
  };
}

/** The current values of an attribute; undefined: the entry does not name it. For a link, a delta may list added and removed values. */
function sentValues(entry: LdapEntry, name: string, { form }: AttributeShape): LdapValue[] | undefined {
  const values = entry.attributes[name];
  return (form === 'link' ? linkChanges(entry, name)?.added : undefined) ?? values;
}

/** If members were asked for by extended name, an object's own name is extended too. One that cannot be read stays as it came. */
function plainDn(dn: string): string {
  try {
    return parseExtendedDn(dn).dn;
  } catch {
    return dn;
  }
}

const isUnreadable = (error: unknown): error is Error =>
  error instanceof DecodeError || error instanceof TypeError || error instanceof RangeError;

function convert(value: LdapValue, shape: AttributeShape): string {
  if (shape.form === 'text') {
    if (typeof value !== 'string') throw new TypeError('text in UTF-8 expected');
    return value;
  }
  if (shape.form === 'link') {
    if (typeof value !== 'string') throw new TypeError('a name in UTF-8 expected');
    const { guid, dn } = parseExtendedDn(value);
    if (guid === null) throw new TypeError(`'${dn}' came without its objectGUID`);
    return guid;
  }
  if (typeof value === 'string') throw new TypeError('bytes expected, text came');
  if (shape.form === 'sid') return decodeSid(value);
  if (shape.form === 'guid') return decodeGuid(value);
  return value.toString('base64');
}
