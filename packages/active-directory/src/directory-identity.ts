import { bytesOf, type LdapConnection, LdapError, parseDn, textOf } from '@causeway/ldap';
import { decodeGuid, decodeSid, type Guid, type Sid } from '@causeway/wire';

/** Which directory a domain controller serves, as it reports before any sign-in. */
export interface DirectoryRoots {
  /** DN of its domain. */
  namingContext: string;
  /** DNS name of the forest, which is that of its root domain, in lower case. */
  forest: string;
}

/** Which directory it is. SID and GUID are unique; a name can be used again. */
export interface DirectoryIdentity extends DirectoryRoots {
  domainSid: Sid;
  /** objectGUID of the domain's head. */
  domainGuid: Guid;
}

/**
 * Reads the roots only. Needs no sign-in ([MS-ADTS] 3.1.1.3.2), so Connect learns whose domain controller it is before it shows a password
 * to it.
 *
 * @throws LdapError `protocol` if the server is no domain controller
 */
export async function readDirectoryRoots(connection: LdapConnection): Promise<DirectoryRoots> {
  const attributes = ['defaultNamingContext', 'rootDomainNamingContext'];
  const [entry] = await connection.search('', { scope: 'base', attributes });
  const namingContext = entry && textOf(entry, 'defaultNamingContext');
  const root = entry && textOf(entry, 'rootDomainNamingContext');
  if (namingContext === undefined || root === undefined) {
    throw new LdapError(
      'protocol',
      `${connection.peer} does not say which domain and forest it serves: an Active Directory domain controller expected`,
    );
  }
  return { namingContext, forest: dnsNameOf(root) };
}

/** @throws LdapError `protocol` when the domain's head has no SID or GUID that the account may read */
export async function readDirectoryIdentity(
  connection: LdapConnection,
  roots: DirectoryRoots,
): Promise<DirectoryIdentity> {
  const attributes = ['objectSid', 'objectGUID'];
  const [head] = await connection.search(roots.namingContext, { scope: 'base', attributes });
  const [sid, guid] = head ? [bytesOf(head, 'objectSid'), bytesOf(head, 'objectGUID')] : [];
  if (sid === undefined || guid?.length !== 16) {
    throw new LdapError('protocol', `${connection.peer} does not say the SID of ${roots.namingContext}`);
  }
  return { ...roots, domainSid: decodeSid(sid), domainGuid: decodeGuid(guid) };
}

/** `corp.example.com` from `DC=corp,DC=example,DC=com` or from any DN below it; in lower case. */
export function dnsNameOf(dn: string): string {
  const labels: string[] = [];
  for (const rdn of parseDn(dn).toReversed()) {
    const [part, more] = rdn;
    if (part === undefined || more !== undefined || part.type.toUpperCase() !== 'DC') break;
    labels.unshift(part.value);
  }
  return labels.join('.').toLowerCase();
}

/** The SID of the domain that issued a SID ([MS-DTYP] 2.4.2): all of it but the relative identifier. */
export const domainSidOf = (sid: Sid): Sid => sid.slice(0, sid.lastIndexOf('-'));
