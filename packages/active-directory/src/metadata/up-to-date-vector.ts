import { bytesOf, type LdapConnection, readInvocationId, readRootDse } from '@causeway/ldap';
import { decodeGuid, type Guid, Reader } from '@causeway/wire';

/** Up to which USN a database knows the changes that another one, or it itself, made first. */
export interface Cursor {
  invocationId: Guid;
  /** Decimal. */
  usn: string;
}

/** What a domain controller knows of a naming context, as plain JSON ([MS-DRSR] 5.166). */
export type UpToDateVector = readonly Cursor[];

/** Domain controllers that a vector names. It keeps those that were removed long ago. */
const MAX_CURSORS = 10_000;

/**
 * A domain controller's database, and how far it is. The stored vector leaves out the database itself. Its highest USN stands in for that,
 * and is read first, so that the vector never claims too much.
 *
 * @throws LdapError `protocol` if it does not report them
 */
export async function readUpToDateVector(
  connection: LdapConnection,
  namingContext: string,
): Promise<{ invocationId: Guid; vector: UpToDateVector }> {
  const { dsServiceName, highestCommittedUSN } = await readRootDse(connection);
  const invocationId = await readInvocationId(connection, dsServiceName);
  const attributes = ['replUpToDateVector'];
  const [head] = await connection.search(namingContext, { scope: 'base', attributes });
  const stored = head && bytesOf(head, 'replUpToDateVector');
  const others = stored ? decodeUpToDateVector(stored) : []; // a single domain controller has none
  const own = { invocationId, usn: String(highestCommittedUSN) };
  return { invocationId, vector: [...others.filter(cursor => cursor.invocationId !== invocationId), own] };
}

/** As the attribute replUpToDateVector keeps it: version 1, or version 2 with a time per entry. */
export function decodeUpToDateVector(bytes: Uint8Array): Cursor[] {
  const r = new Reader(bytes, 'replUpToDateVector');
  const version = r.u32le('dwVersion');
  if (version !== 1 && version !== 2) throw r.error('dwVersion', `1 or 2 expected, ${version} came`);
  r.skip(4, 'dwReserved1');
  const count = r.limited(r.u32le('cNumCursors'), MAX_CURSORS, 'cNumCursors');
  r.skip(4, 'dwReserved2');
  const cursors: Cursor[] = [];
  for (let i = 0; i < count; i++) {
    const invocationId = decodeGuid(r.slice(16, `rgCursors[${i}].uuidDsa`));
    cursors.push({ invocationId, usn: String(r.u64le(`rgCursors[${i}].usnHighPropUpdate`)) });
    if (version === 2) r.skip(8, `rgCursors[${i}].timeLastSyncSuccess`);
  }
  r.end();
  return cursors;
}

const toMap = (vector: UpToDateVector): Map<Guid, bigint> =>
  new Map(vector.map(({ invocationId, usn }) => [invocationId, BigInt(usn)]));

/** Whether a database with this vector knows the change. */
export const coversChange = (vector: UpToDateVector, change: Cursor): boolean =>
  (toMap(vector).get(change.invocationId) ?? 0n) >= BigInt(change.usn);

/** Whether a database with `vector` knows all that one with `other` knows. */
export const covers = (vector: UpToDateVector, other: UpToDateVector): boolean =>
  other.every(cursor => coversChange(vector, cursor));

/** What the two know together. */
export function mergeVectors(one: UpToDateVector, other: UpToDateVector): UpToDateVector {
  const merged = toMap(one);
  for (const [invocationId, usn] of toMap(other)) {
    if (usn > (merged.get(invocationId) ?? -1n)) merged.set(invocationId, usn);
  }
  return [...merged].map(([invocationId, usn]) => ({ invocationId, usn: String(usn) }));
}
