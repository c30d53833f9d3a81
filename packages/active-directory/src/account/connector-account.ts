import { randomBytes } from 'node:crypto';
import {
  bytesOf,
  escapeRdn,
  filterEscape,
  type LdapConnection,
  LdapError,
  readRootDse,
  SdFlag,
  SdFlagsControl,
  textOf,
} from '@causeway/ldap';
import {
  decodeSid,
  encodeSecurityDescriptor,
  encodeUtf16le,
  grantExtendedRight,
  ridOf,
  type Sid,
} from '@causeway/wire';
import { dnsNameOf } from '../directory-identity.ts';
import { grantDeletedObjects } from './deleted-objects.ts';
import { ReplicationRight } from './grant-commands.ts';
import { readDacl } from './permissions.ts';

export const DEFAULT_CONNECTOR_ACCOUNT = 'causeway-connect';

const DESCRIPTION =
  'Causeway Connect reads this directory with this account. It has the replication rights and no other.';
/** NORMAL_ACCOUNT, DONT_EXPIRE_PASSWORD and NOT_DELEGATED ([MS-ADTS] 2.2.16). */
const USER_ACCOUNT_CONTROL = 0x200 | 0x1_0000 | 0x10_0000;
/** The sAMAccountName of a user as Active Directory allows it, longest one included ([MS-ADTS] 3.1.1.6, [MS-SAMR] 3.1.1.6). */
const ACCOUNT_NAME = /^[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,20}$/u;
/** GUID_USERS_CONTAINER_W ([MS-ADTS] 6.1.1.4), as `wellKnownObjects` writes it. */
const USERS_CONTAINER = /^B:32:A9D1CA15768811D1ADED00C04FD8D5CD:(.+)$/i;
/** Accounts with a smaller RID are the domain's own. */
const FIRST_ORDINARY_RID = 1000;

export interface ConnectorAccount {
  accountName: string;
  userPrincipalName: string;
  distinguishedName: string;
  sid: Sid;
  /** False: it existed already. */
  created: boolean;
  /** Present only when it was set now. Write it to a file that only its owner can read: it is kept nowhere else. */
  password?: string;
  /** The missing rights that were granted now. */
  granted: ReplicationRight[];
  /** Whether reading deleted objects was granted now. Only Samba needs it. */
  grantedDeletedObjects: boolean;
}

/** 40 characters: a fixed beginning that meets every complexity rule, then 216 random bits. */
export function makeConnectorPassword(): string {
  return `aA1-${randomBytes(27).toString('base64url')}`;
}

/**
 * Makes the account that Connect reads with: an ordinary user whose password never expires and that cannot be delegated. It gets the two
 * replication rights on the naming context's head, for this object only, and on Samba also the right to see deleted objects. A second run
 * adds what is missing. It sets the password of an existing account only when asked.
 *
 * @param connection as a domain administrator, over TLS (a domain controller accepts a password no other way).
 * @throws LdapError `constraint` for a name that is not allowed or is taken by something else, `access-denied`.
 */
export async function createConnectorAccount(
  connection: LdapConnection,
  options: { namingContext: string; name?: string; ou?: string; resetPassword?: boolean },
): Promise<ConnectorAccount> {
  const { namingContext, name = DEFAULT_CONNECTOR_ACCOUNT } = options;
  if (!ACCOUNT_NAME.test(name) || name.trim() !== name) {
    throw new LdapError('constraint', `an account name of 1 to 20 plain characters expected, '${name}' came`);
  }
  const { isSamba } = await readRootDse(connection);
  const userPrincipalName = `${name}@${dnsNameOf(namingContext)}`;
  let found = await findAccount(connection, namingContext, name);
  const created = found === undefined;
  let password: string | undefined;
  if (!found) {
    password = makeConnectorPassword();
    const parent = options.ou ?? (await usersContainer(connection, namingContext));
    await connection.add(`CN=${escapeRdn(name)},${parent}`, {
      objectClass: 'user',
      sAMAccountName: name,
      userPrincipalName,
      displayName: 'Causeway Connect',
      description: DESCRIPTION,
      userAccountControl: String(USER_ACCOUNT_CONTROL),
      unicodePwd: passwordValue(password),
    });
    found = await findAccount(connection, namingContext, name);
    if (!found)
      throw new LdapError('other', `'${name}' was made and is not found: look at ${connection.peer}`);
  } else if (options.resetPassword) {
    password = makeConnectorPassword();
    await connection.modify(found.dn, [
      { operation: 'replace', attribute: 'unicodePwd', values: [passwordValue(password)] },
    ]);
  }
  return {
    accountName: name,
    userPrincipalName: found.userPrincipalName ?? userPrincipalName,
    distinguishedName: found.dn,
    sid: found.sid,
    created,
    ...(password === undefined ? {} : { password }),
    granted: await grantReplicationRights(connection, namingContext, found.sid),
    grantedDeletedObjects: isSamba && (await grantDeletedObjects(connection, namingContext, found.sid)),
  };
}

/** A domain controller checks every object below before it answers. With 100,000 objects Samba takes half a minute. */
const PASSED_ON_MS = 600_000;

/** Adds to the head's access list what is missing of the two rights, and returns what it added. */
export async function grantReplicationRights(
  connection: LdapConnection,
  namingContext: string,
  sid: Sid,
): Promise<ReplicationRight[]> {
  const descriptor = await readDacl(connection, namingContext);
  if (!descriptor.dacl) {
    throw new LdapError(
      'constraint',
      `'${namingContext}' has no access list: everybody may do everything there`,
    );
  }
  const granted: ReplicationRight[] = [];
  let dacl = descriptor.dacl;
  for (const right of Object.values(ReplicationRight)) {
    const next = grantExtendedRight(dacl, sid, right);
    if (next !== dacl) granted.push(right);
    dacl = next;
  }
  if (granted.length > 0) {
    const value = encodeSecurityDescriptor({ ...descriptor, dacl });
    await connection.modify(
      namingContext,
      [{ operation: 'replace', attribute: 'nTSecurityDescriptor', values: [value] }],
      [new SdFlagsControl(SdFlag.dacl)],
      PASSED_ON_MS,
    );
  }
  return granted;
}

async function findAccount(connection: LdapConnection, namingContext: string, name: string) {
  const [entry] = await connection.search(namingContext, {
    filter: `(sAMAccountName=${filterEscape(name)})`,
    attributes: ['objectClass', 'objectSid', 'userPrincipalName'],
  });
  if (!entry) return undefined;
  const sidBytes = bytesOf(entry, 'objectSid');
  const classes = (entry.attributes.objectClass ?? []).map(value => String(value).toLowerCase());
  const sid = sidBytes && decodeSid(sidBytes);
  if (!sid || !classes.includes('user') || classes.includes('computer') || ridOf(sid) < FIRST_ORDINARY_RID) {
    throw new LdapError(
      'constraint',
      `'${name}' is taken by '${entry.dn}', which is no ordinary user: choose another`,
    );
  }
  return { dn: entry.dn, sid, userPrincipalName: textOf(entry, 'userPrincipalName') };
}

async function usersContainer(connection: LdapConnection, namingContext: string): Promise<string> {
  const [head] = await connection.search(namingContext, { scope: 'base', attributes: ['wellKnownObjects'] });
  for (const value of head?.attributes.wellKnownObjects ?? []) {
    const dn = USERS_CONTAINER.exec(String(value))?.[1];
    if (dn) return dn;
  }
  return `CN=Users,${namingContext}`;
}

/** A new password in the form of `unicodePwd`: in quotation marks, UTF-16 ([MS-ADTS] 3.1.1.3.1.5.1). */
function passwordValue(password: string): Uint8Array {
  return encodeUtf16le(`"${password}"`);
}
