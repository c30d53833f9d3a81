import {
  ACL_REVISION_DS,
  AccessMask,
  type Ace,
  AceFlag,
  AceType,
  type Acl,
  encodeSecurityDescriptor,
  type Sid,
} from '@causeway/wire';
import { parseDefaultDacl } from './sddl.ts';

/** User-Change-Password ([MS-ADTS] 5.1.3.2.1). */
const CHANGE_PASSWORD = 'ab721a53-1e2f-11d0-9819-00aa0040529b';
const EVERYONE: Sid = 'S-1-1-0';
const SELF: Sid = 'S-1-5-10';

/**
 * The access list that stops everybody from changing this account's password by knowing it. Denials go before everything that allows. A
 * password is set on-premises or at the tenant; a change here would not leave this domain.
 * @returns undefined when the list has the denials already
 */
export function denyOwnChange(dacl: Acl): Acl | undefined {
  const missing = [EVERYONE, SELF].filter(sid => !dacl.aces.some(ace => denies(ace, sid)));
  if (missing.length === 0) return undefined;
  const denials = missing.map(
    (sid): Ace => ({
      ...{ type: AceType.denyObject, flags: 0, mask: AccessMask.controlAccess },
      ...{ objectType: CHANGE_PASSWORD, sid },
    }),
  );
  return { revision: ACL_REVISION_DS, aces: [...denials, ...dacl.aces] };
}

function denies(ace: Acl['aces'][number], sid: Sid): boolean {
  if (ace.type !== AceType.denyObject || ace.sid !== sid || ace.objectType !== CHANGE_PASSWORD) return false;
  const inert = AceFlag.inheritOnly | AceFlag.inherited;
  return (ace.flags & inert) === 0 && (ace.mask & AccessMask.controlAccess) !== 0;
}

/**
 * The nTSecurityDescriptor of a new account: the schema's list for users, after the denials. The directory sets owner and group.
 * @param sddl defaultSecurityDescriptor of the class *user*
 * @param domainSid without a RID
 * @throws Error when the schema's list is not understood
 */
export function newAccountDescriptor(sddl: string, domainSid: Sid): Uint8Array {
  const dacl = parseDefaultDacl(sddl, domainSid);
  return encodeSecurityDescriptor({ sbz1: 0, control: 0, dacl: denyOwnChange(dacl) ?? dacl });
}
