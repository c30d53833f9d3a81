import { bytesOf, type LdapEntry, type LdapValue, textOf } from '@causeway/ldap';
import { DecodeError, decodeGuid, decodeSid, type Guid } from '@causeway/wire';
import type { MemberChanges } from './member-changes.ts';
import type { AttributeShape } from './user-attributes.ts';

export interface ImportedObject {
  objectGuid: Guid;
  distinguishedName: string;
  isDeleted: boolean;
  /** In a delta: it was deleted, and is not any more. What it lost or kept meanwhile is known to the directory alone. */
  isRestored: boolean;
  /** Empty in a delta: the class of an object does not change. */
  objectClass: string[];
  /**
   * What changed, all of it in a full import. `null`: the attribute has no value any more. An attribute that is not named did
   * not change in a delta and has no value in a full import. Of a deleted object only what a tombstone keeps.
   */
  attributes: Record<string, string | string[] | null>;
  /** Of a group in a delta, when its members changed. A full import says nothing of members: their lists are to be read. */
  memberChanges?: MemberChanges;
  /** Values that could not be read, each in words; the object is good apart from them. */
  problems: string[];
}

/** What is asked for with the attributes themselves. */
export const OBJECT_ATTRIBUTES = ['objectClass', 'isDeleted'] as const;

/** The objects of an answer, and in words those that could not be read at all. */
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

/** The object, or in words why it cannot be read. */
function toObject(
  entry: LdapEntry,
  shapes: Readonly<Record<string, AttributeShape>>,
): ImportedObject | string {
  const guid = bytesOf(entry, 'objectGUID');
  if (guid?.length !== 16) return `'${entry.dn}' came without its objectGUID`;
  const attributes: ImportedObject['attributes'] = {};
  const problems: string[] = [];
  for (const [name, shape] of Object.entries(shapes)) {
    const values = entry.attributes[name];
    if (values === undefined) continue;
    try {
      const converted = values.map(value => convert(value, shape));
      attributes[name] = converted.length === 0 ? null : shape.multiple ? converted : converted[0]!;
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof TypeError || error instanceof RangeError))
        throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  return {
    objectGuid: decodeGuid(guid),
    distinguishedName: entry.dn,
    isDeleted: textOf(entry, 'isDeleted') === 'TRUE',
    isRestored: entry.attributes.isDeleted?.length === 0,
    objectClass: (entry.attributes.objectClass ?? []).map(String),
    attributes,
    problems,
  };
}

function convert(value: LdapValue, shape: AttributeShape): string {
  if (shape.form === 'text') {
    if (typeof value !== 'string') throw new TypeError('text in UTF-8 expected');
    return value;
  }
  if (typeof value === 'string') throw new TypeError('bytes expected, text came');
  if (shape.form === 'sid') return decodeSid(value);
  if (shape.form === 'guid') return decodeGuid(value);
  return value.toString('base64');
}
