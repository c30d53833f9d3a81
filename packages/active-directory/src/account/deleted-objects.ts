import {
  type LdapConnection,
  readRootDse,
  SdFlag,
  SdFlagsControl,
  showDeleted,
  textOf,
} from '@causeway/ldap';
import type { Sid } from '@causeway/wire';
import { AccessMask, type Ace, AceType, encodeSecurityDescriptor } from '@causeway/wire';
import { readDacl } from './permissions.ts';

/**
 * Windows shows deleted objects to every account that may use DirSync. Samba (4.17) also checks the access list of their container, which
 * only administrators may read. Without an entry there, an account of least rights never sees a deletion.
 */
const deletedObjectsOf = (namingContext: string) => `CN=Deleted Objects,${namingContext}`;

/** The container's owner in every new domain. */
const LOCAL_SYSTEM: Sid = 'S-1-5-18';
const ADMINISTRATORS: Sid = 'S-1-5-32-544';

const READ = AccessMask.listContents | AccessMask.readProperty;

/** Whether the signed-in account sees deletions through DirSync, given that it may use DirSync at all. */
export async function seesDeletedObjects(
  connection: LdapConnection,
  namingContext: string,
): Promise<boolean> {
  if (!(await readRootDse(connection)).isSamba) return true;
  const [container] = await connection.search(deletedObjectsOf(namingContext), {
    scope: 'base',
    attributes: ['name'],
    controls: [showDeleted()],
  });
  return container !== undefined && textOf(container, 'name') !== undefined;
}

/**
 * Lets an account list and read the deleted objects' container, this object only. Nobody may change its access list, so an administrator
 * takes ownership for the change and gives it back (as `dsacls /takeownership` does on Windows).
 *
 * @returns false if the entry existed already.
 */
export async function grantDeletedObjects(
  connection: LdapConnection,
  namingContext: string,
  sid: Sid,
): Promise<boolean> {
  const container = deletedObjectsOf(namingContext);
  const setOwner = (owner: Sid) =>
    replaceDescriptor(
      connection,
      container,
      encodeSecurityDescriptor({ sbz1: 0, control: 0, owner }),
      SdFlag.owner,
    );
  await setOwner(ADMINISTRATORS);
  try {
    const descriptor = await readDacl(connection, container, [showDeleted()]);
    const dacl = descriptor.dacl;
    if (!dacl) return false;
    const there = dacl.aces.some(
      ace => ace.type === AceType.allow && ace.sid === sid && (ace.mask & READ) === READ && ace.flags === 0,
    );
    if (there) return false;
    const ace: Ace = { type: AceType.allow, flags: 0, mask: READ, sid };
    const value = encodeSecurityDescriptor({ ...descriptor, dacl: { ...dacl, aces: [...dacl.aces, ace] } });
    await replaceDescriptor(connection, container, value, SdFlag.dacl);
    return true;
  } finally {
    await setOwner(LOCAL_SYSTEM);
  }
}

async function replaceDescriptor(connection: LdapConnection, dn: string, value: Uint8Array, part: number) {
  await connection.modify(
    dn,
    [{ operation: 'replace', attribute: 'nTSecurityDescriptor', values: [value] }],
    [new SdFlagsControl(part), showDeleted()],
  );
}
