import { bytesOf, type LdapConnection, LdapError, SdFlag, SdFlagsControl } from '@causeway/ldap';
import {
  ACL_REVISION_DS,
  AccessMask,
  AceType,
  type Acl,
  decodeSecurityDescriptor,
  encodeSecurityDescriptor,
  type SecurityDescriptor,
  type Sid,
} from '@causeway/wire';

const SYSTEM: Sid = 'S-1-5-18';
const DOMAIN_ADMINS = 512;

/**
 * The access list of objects that are ours alone: only the system and *Domain Admins* may do or see anything. @param domainSid without a
 * RID
 */
export const protectedDacl = (domainSid: Sid): Acl => ({
  revision: ACL_REVISION_DS,
  aces: [SYSTEM, `${domainSid}-${DOMAIN_ADMINS}`].map(sid => ({
    ...{ type: AceType.allow, flags: 0, mask: AccessMask.genericAll, sid },
  })),
});

/**
 * Changes who may do what to an object.
 *
 * @param decide returns the new descriptor, without owner and group; undefined: no change
 * @returns whether anything was written
 * @throws LdapError `no-such-object`
 */
export async function changeAccess(
  ldap: LdapConnection,
  dn: string,
  decide: (descriptor: SecurityDescriptor & { dacl: Acl }) => SecurityDescriptor | undefined,
): Promise<boolean> {
  const controls = [new SdFlagsControl(SdFlag.dacl)];
  const attribute = 'nTSecurityDescriptor';
  const [entry] = await ldap.search(dn, { scope: 'base', attributes: [attribute], controls });
  const bytes = entry && bytesOf(entry, attribute);
  if (bytes === undefined) throw new LdapError('no-such-object', `'${dn}' has no ${attribute}`);
  const descriptor = decodeSecurityDescriptor(bytes);
  const dacl = descriptor.dacl ?? { revision: ACL_REVISION_DS, aces: [] };
  const wanted = decide({ ...descriptor, dacl });
  if (wanted === undefined) return false;
  const values = [encodeSecurityDescriptor(wanted)];
  await ldap.modify(dn, [{ operation: 'replace', attribute, values }], controls);
  return true;
}
