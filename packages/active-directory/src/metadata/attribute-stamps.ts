import { bytesOf, guidFilter, type LdapConnection, showDeleted } from '@causeway/ldap';
import { decodeGuid, type Guid, Reader } from '@causeway/wire';
import type { Cursor } from './up-to-date-vector.ts';

/** Attributes whose last change can be looked up, by their numbers in replication ([MS-DRSR] 5.16.4). */
const ATTRIBUTE_IDS = {
  isDeleted: 0x2_0030,
  proxyAddresses: 0x2_00d2,
  adminDescription: 0x2_00e2,
  userAccountControl: 0x9_0008,
  primaryGroupID: 0x9_0062,
  objectSid: 0x9_0092,
  accountExpires: 0x9_009f,
  sAMAccountName: 0x9_00dd,
  groupType: 0x9_02ee,
  isCriticalSystemObject: 0x9_0364,
  mail: 0x15_0003,
} as const;
export type StampedAttribute = keyof typeof ATTRIBUTE_IDS;

/** The last change of each attribute of an object. An attribute that never had a value has none. */
export type AttributeStamps = ReadonlyMap<StampedAttribute, Cursor>;

const NAMES: ReadonlyMap<number, StampedAttribute> = new Map(
  Object.entries(ATTRIBUTE_IDS).map(([name, id]) => [id, name as StampedAttribute]),
);

/** Attributes of one object. */
const MAX_ATTRIBUTES = 20_000;

/** Looks an object up in its replication metadata, deleted or not. Returns no stamps if the account does not see the object. */
export async function readAttributeStamps(
  connection: LdapConnection,
  namingContext: string,
  objectGuid: Guid,
): Promise<AttributeStamps> {
  const [entry] = await connection.search(namingContext, {
    filter: guidFilter(objectGuid),
    attributes: ['replPropertyMetaData'],
    controls: [showDeleted()],
  });
  const bytes = entry && bytesOf(entry, 'replPropertyMetaData');
  return bytes ? decodeAttributeStamps(bytes) : new Map();
}

/** As the attribute replPropertyMetaData keeps them ([MS-DRSR] 5.164). */
export function decodeAttributeStamps(bytes: Uint8Array): AttributeStamps {
  const r = new Reader(bytes, 'replPropertyMetaData');
  const version = r.u32le('dwVersion');
  if (version !== 1) throw r.error('dwVersion', `1 expected, ${version} came`);
  r.skip(4, 'dwReserved');
  const count = r.limited(r.u32le('cNumProps'), MAX_ATTRIBUTES, 'cNumProps');
  r.skip(4, 'dwReserved2');
  const stamps = new Map<StampedAttribute, Cursor>();
  for (let i = 0; i < count; i++) {
    const name = NAMES.get(r.u32le(`rgMetaData[${i}].attrType`));
    r.skip(12, `rgMetaData[${i}].dwVersion`); // and the time of the change
    const invocationId = decodeGuid(r.slice(16, `rgMetaData[${i}].uuidDsaOriginating`));
    const usn = String(r.u64le(`rgMetaData[${i}].usnOriginating`));
    r.skip(8, `rgMetaData[${i}].usnProperty`);
    if (name !== undefined) stamps.set(name, { invocationId, usn });
  }
  r.end();
  return stamps;
}
