import {
  bytesOf,
  filterEscape,
  type LdapConnection,
  type LdapControl,
  LdapError,
  SdFlag,
  SdFlagsControl,
} from '@causeway/ldap';
import {
  decodeSecurityDescriptor,
  decodeSid,
  hasExtendedRight,
  type SecurityDescriptor,
  type Sid,
} from '@causeway/wire';
import { ReplicationRight } from './grant-commands.ts';

/** Everyone and Authenticated Users ([MS-DTYP] 2.4.2.4): every token has them, no `tokenGroups` lists them. */
const ALWAYS: readonly Sid[] = ['S-1-1-0', 'S-1-5-11'];

export interface AccountPermissions {
  distinguishedName: string;
  sid: Sid;
  /** Empty: the account may read password hashes. */
  missing: ReplicationRight[];
}

/**
 * Which of the two replication rights an account lacks on a naming context's head. Compares the head's access list with the SIDs of the
 * account's token, including nested groups.
 *
 * @param options.account sAMAccountName or userPrincipalName
 * @throws LdapError `no-such-object` if there is no such account, `access-denied` if the access list is not readable.
 */
export async function probePermissions(
  connection: LdapConnection,
  options: { namingContext: string; account: string },
): Promise<AccountPermissions> {
  const { namingContext, account } = options;
  const name = filterEscape(account);
  const [found] = await connection.search(namingContext, {
    filter: `(&(objectClass=user)(|(sAMAccountName=${name})(userPrincipalName=${name})))`,
    attributes: ['objectSid'],
  });
  const ownSid = found && bytesOf(found, 'objectSid');
  if (!found || !ownSid) {
    throw new LdapError(
      'no-such-object',
      `there is no account '${account}' in ${namingContext}: check its name`,
    );
  }
  // tokenGroups is constructed, and only for a search of the object itself ([MS-ADTS] 3.1.1.4.5.19).
  const [token] = await connection.search(found.dn, { scope: 'base', attributes: ['tokenGroups'] });
  const groups = (token?.attributes.tokenGroups ?? []).filter(value => typeof value !== 'string');
  const sid = decodeSid(ownSid);
  const sids = new Set([sid, ...groups.map(decodeSid), ...ALWAYS]);
  const { dacl } = await readDacl(connection, namingContext);
  const missing = Object.values(ReplicationRight).filter(right => !hasExtendedRight(dacl, sids, right));
  return { distinguishedName: found.dn, sid, missing };
}

/** An object's security descriptor with its access list only. */
export async function readDacl(
  connection: LdapConnection,
  dn: string,
  controls: readonly LdapControl[] = [],
): Promise<SecurityDescriptor> {
  const [head] = await connection.search(dn, {
    scope: 'base',
    attributes: ['nTSecurityDescriptor'],
    controls: [new SdFlagsControl(SdFlag.dacl), ...controls],
  });
  const bytes = head && bytesOf(head, 'nTSecurityDescriptor');
  if (!bytes) {
    throw new LdapError('access-denied', `the access list of '${dn}' is not readable for the account in use`);
  }
  return decodeSecurityDescriptor(bytes);
}
