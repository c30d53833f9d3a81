import { bytesOf, decodeSid, type LdapConnection, LdapError } from '@causeway/ldap';
import {
  AccessMask,
  type Ace,
  AceFlag,
  AceType,
  type Acl,
  SE_DACL_PROTECTED,
  type Sid,
  withAces,
} from '@causeway/wire';
import { changeAccess, protectedDacl } from './access-list.ts';
import { settingsObjects } from './lockout-policy.ts';
import { shadowContainer } from './shadow-groups.ts';
import { ADMINISTRATORS_GROUP, COMPUTERS_OU, USERS_OU } from './structure.ts';

/** Classes and attributes by their schemaIDGUID ([MS-ADSC], [MS-ADA1] to [MS-ADA3]). */
const ORGANIZATIONAL_UNIT = 'bf967aa5-0de6-11d0-a285-00aa003049e2';
const GP_LINK = 'f30e3bbe-9ff0-11d1-b603-0000f80367c1';
const GP_OPTIONS = 'f30e3bbf-9ff0-11d1-b603-0000f80367c1';
const GROUP_POLICY_CONTAINER = 'f30e3bc2-9ff0-11d1-b603-0000f80367c1';
/** [MS-ADTS] 5.1.3.2. */
const CREATE_CHILD = 0x1;
const READ_PROPERTY = 0x10;
const WRITE_PROPERTY = 0x20;
const CONTAINER_INHERIT = 0x02;

const all = (sid: Sid): Ace => ({
  type: AceType.allow,
  flags: CONTAINER_INHERIT,
  mask: AccessMask.genericAll,
  sid,
});
const on = (sid: Sid, mask: number, objectType: string): Ace => ({
  ...{ type: AceType.allowObject, flags: 0, mask, objectType, sid },
});

/**
 * What the group may do where. It has no rights on domain controllers, the schema, synchronized accounts or the groups of on-premises SIDs.
 */
export function delegatedRights(base: string, group: Sid): { dn: string; aces: Ace[] }[] {
  const links = [GP_LINK, GP_OPTIONS].map(attribute => on(group, READ_PROPERTY | WRITE_PROPERTY, attribute));
  return [
    { dn: base, aces: [on(group, CREATE_CHILD, ORGANIZATIONAL_UNIT)] },
    { dn: `OU=${COMPUTERS_OU},${base}`, aces: [all(group)] },
    { dn: `OU=${USERS_OU},${base}`, aces: links },
    { dn: `CN=Password Settings Container,CN=System,${base}`, aces: [all(group)] },
    // By the schema's access list of the class, whoever creates a policy owns it, and no other.
    { dn: `CN=Policies,CN=System,${base}`, aces: [on(group, CREATE_CHILD, GROUP_POLICY_CONTAINER)] },
  ];
}

const administratorsDn = (base: string): string => `CN=${ADMINISTRATORS_GROUP},OU=${USERS_OU},${base}`;
/** The domain's group whose members manage DNS. The administrators are in it as a group. */
const dnsAdmins = (base: string): string => `CN=DnsAdmins,CN=Users,${base}`;
/** Group Policy Creator Owners: their part of `sysvol` belongs to this group. */
const POLICY_CREATORS = 520;

/**
 * Gives *AAD DC Administrators* the rights of its members. Existing rights are not written again, and nothing is removed that somebody else
 * granted.
 * @param policyFolder sets who may do what among the files of policies, before anybody may create them
 * @returns what was written, by name
 */
export async function delegate(
  ldap: LdapConnection,
  { base, domainSid }: { base: string; domainSid: Sid },
  policyFolder: () => Promise<boolean>,
): Promise<string[]> {
  const group = await groupOf(ldap, base);
  const written: string[] = [];
  const note = async (name: string, change: Promise<boolean>): Promise<void> => {
    if (await change) written.push(name);
  };
  for (const { dn } of settingsObjects(base, { domainUsers: '', administrator: '' }))
    await note(dn, protect(ldap, dn, domainSid));
  for (const { dn, aces } of delegatedRights(base, group.sid)) await note(dn, grant(ldap, dn, aces));
  for (const dn of await ownUnits(ldap, base)) await note(dn, grant(ldap, dn, [all(group.sid)]));
  await note(dnsAdmins(base), join(ldap, dnsAdmins(base), group.dn));
  await note('the folder of policies', policyFolder());
  const creators = `<SID=${domainSid}-${POLICY_CREATORS}>`;
  await note('Group Policy Creator Owners', join(ldap, creators, group.dn));
  return written;
}

async function groupOf(ldap: LdapConnection, base: string): Promise<{ dn: string; sid: Sid }> {
  const dn = administratorsDn(base);
  const [entry] = await ldap.search(dn, { scope: 'base', attributes: ['objectSid'] });
  if (entry === undefined) throw new LdapError('no-such-object', `'${dn}' is not there`);
  return { dn: entry.dn, sid: decodeSid(bytesOf(entry, 'objectSid')!) };
}

/** Units directly below the domain that are neither ours nor the domain's own: the administrators created them, or may have them. */
async function ownUnits(ldap: LdapConnection, base: string): Promise<string[]> {
  const filter = '(&(objectClass=organizationalUnit)(!(isCriticalSystemObject=TRUE)))';
  const entries = await ldap.search(base, { scope: 'one', filter, attributes: ['ou'] });
  const others = [`OU=${USERS_OU},${base}`, `OU=${COMPUTERS_OU},${base}`, `OU=Domain Controllers,${base}`];
  const kept = new Set([...others, shadowContainer(base)].map(dn => dn.toLowerCase()));
  return entries.map(({ dn }) => dn).filter(dn => !kept.has(dn.toLowerCase()));
}

/** Adds what is missing to an object's access list. @returns whether anything was */
const grant = (ldap: LdapConnection, dn: string, aces: readonly Ace[]): Promise<boolean> =>
  changeAccess(ldap, dn, descriptor => {
    const { dacl } = descriptor;
    const missing = aces.filter(ace => !isGranted(dacl.aces, ace));
    return missing.length === 0 ? undefined : { ...descriptor, dacl: withAces(dacl, missing) };
  });

/**
 * Whether the object has the right and, if wanted, passes it on to what is created below it. Samba stores a grant of all rights for both as
 * two entries: one for the object, one that is only inherited.
 */
function isGranted(list: Acl['aces'], ace: Ace): boolean {
  const alike = list.filter(
    known =>
      known.type === ace.type &&
      known.sid === ace.sid &&
      known.objectType === ace.objectType &&
      covers(known.mask, ace.mask),
  );
  const here = alike.some(({ flags }) => (flags & AceFlag.inheritOnly) === 0);
  const below = alike.some(({ flags }) => (flags & CONTAINER_INHERIT) !== 0);
  return here && (below || (ace.flags & CONTAINER_INHERIT) === 0);
}

/** Samba stores *all rights* as the rights of the class of object. */
const ALL_RIGHTS = 0x000f_01ff;
const covers = (known: number, mask: number): boolean =>
  (known & mask) === mask || (mask === AccessMask.genericAll && (known & ALL_RIGHTS) === ALL_RIGHTS);

/** Keeps our objects ours inside what the group may manage: they inherit nothing. */
const protect = (ldap: LdapConnection, dn: string, domainSid: Sid): Promise<boolean> =>
  changeAccess(ldap, dn, descriptor => {
    if ((descriptor.control & SE_DACL_PROTECTED) !== 0) return undefined;
    const control = descriptor.control | SE_DACL_PROTECTED;
    return { ...descriptor, control, dacl: protectedDacl(domainSid) };
  });

/** A domain without DNS has no *DnsAdmins*. */
async function join(ldap: LdapConnection, dn: string, member: string): Promise<boolean> {
  try {
    await ldap.modify(dn, [{ operation: 'add', attribute: 'member', values: [member] }]);
    return true;
  } catch (error) {
    if (error instanceof LdapError && ['already-exists', 'no-such-object'].includes(error.code)) return false;
    throw error;
  }
}

/** Makes exactly these accounts the members of *AAD DC Administrators*. @returns whether anything changed */
export async function setAdministrators(
  ldap: LdapConnection,
  base: string,
  accounts: readonly { dn: string; guid: string }[],
): Promise<boolean> {
  const dn = administratorsDn(base);
  const [entry] = await ldap.search(dn, { scope: 'base', attributes: ['member'] });
  const known = new Set((entry?.attributes.member ?? []).map(value => String(value).toLowerCase()));
  if (known.size === accounts.length && accounts.every(one => known.has(one.dn.toLowerCase()))) return false;
  const values = accounts.map(({ guid }) => `<GUID=${guid}>`);
  await ldap.modify(dn, [{ operation: 'replace', attribute: 'member', values }]);
  return true;
}
