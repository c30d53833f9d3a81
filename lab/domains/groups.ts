import { baseDn, runTool } from '@causeway/samba';
import { decodeSid } from '@causeway/wire';
import { administratorPassword, type LabDomain, layoutOf } from './table.ts';
import { change, dnOf, escapeRdn, readAttribute } from './users.ts';

// What an administrator does with groups at a domain controller, by OpenLDAP's tools and by `samba-tool`. Renaming, moving, deleting and
// restoring them works as with people (`users.ts`, `restore.ts`).

export type GroupScope = 'global' | 'domain-local' | 'universal';
export type GroupCategory = 'security' | 'distribution';

const SCOPES = { global: 0x2, 'domain-local': 0x4, universal: 0x8 } as const;
const SECURITY = 0x8000_0000;

export interface NewGroup {
  sam: string;
  /** Default: global, as domain controllers have it. */
  scope?: GroupScope;
  /** Default: security. */
  category?: GroupCategory;
  mail?: string;
  /** DN; default: `CN=Users` of the domain. */
  container?: string;
  /** {@link addMembers} describes how to name them. */
  members?: readonly string[];
}

/** `groupType` ([MS-ADTS] 2.2.12), which is signed. */
export const groupType = (scope: GroupScope = 'global', category: GroupCategory = 'security'): string =>
  String((SCOPES[scope] | (category === 'security' ? SECURITY : 0)) >> 0);

/** @returns the DN of the new group */
export async function createGroup(domain: LabDomain, group: NewGroup): Promise<string> {
  const dn = `CN=${escapeRdn(group.sam)},${group.container ?? `CN=Users,${baseDn(domain)}`}`;
  const member = await valuesOf(domain, group.members ?? []);
  const attributes = {
    objectClass: ['group'],
    sAMAccountName: [group.sam],
    groupType: [groupType(group.scope, group.category)],
    ...(group.mail !== undefined && { mail: [group.mail] }),
    ...(member.length > 0 && { member }),
  };
  await change(domain, { dn, change: 'add', attributes });
  return dn;
}

/**
 * @param members people and groups by short name, user principal name or DN, principals of another domain by SID: the domain
 *   controller makes a foreign security principal of each
 */
export async function addMembers(
  domain: LabDomain,
  group: string,
  members: readonly string[],
): Promise<void> {
  const add = { member: await valuesOf(domain, members) };
  await change(domain, { dn: await dnOf(domain, group), change: 'modify', add });
}

/** @param members as in {@link addMembers} */
export async function removeMembers(
  domain: LabDomain,
  group: string,
  members: readonly string[],
): Promise<void> {
  const gone = { member: await valuesOf(domain, members) };
  await change(domain, { dn: await dnOf(domain, group), change: 'modify', delete: gone });
}

/** A domain controller refuses to change global to domain local at once, so this goes by way of universal. */
export async function setGroupType(
  domain: LabDomain,
  group: string,
  scope: GroupScope,
  category: GroupCategory = 'security',
): Promise<void> {
  const replace = { groupType: [groupType(scope, category)] };
  await change(domain, { dn: await dnOf(domain, group), change: 'modify', replace });
}

/** The user has to be a member. The domain controller removes them from `member`, and adds them to that of the former primary group. */
export async function setPrimaryGroup(domain: LabDomain, user: string, group: string): Promise<void> {
  const rid = (await readSid(domain, group)).split('-').at(-1)!;
  const replace = { primaryGroupID: [rid] };
  await change(domain, { dn: await dnOf(domain, user), change: 'modify', replace });
}

/** @param object one as in {@link addMembers} */
export async function readSid(domain: LabDomain, object: string): Promise<string> {
  const value = await readAttribute(domain, object, 'objectSid');
  if (value === undefined) throw new Error(`${object} in ${domain.realm} has no objectSid`);
  return decodeSid(Buffer.from(value, 'base64'));
}

/** `samba-tool group …`, as the domain's administrator. */
export async function sambaToolGroup(domain: LabDomain, ...args: readonly string[]): Promise<string> {
  const login = ['-H', `ldap://${domain.address}`, '-U', `${domain.netbiosDomain}\\Administrator`];
  return runTool('samba-tool', ['group', ...args, ...login, `--configfile=${layoutOf(domain).smbConf}`], {
    env: { PASSWD: administratorPassword(domain) },
  });
}

/** A SID also finds a foreign security principal that exists already. */
const valuesOf = (domain: LabDomain, members: readonly string[]): Promise<string[]> =>
  Promise.all(members.map(async name => (/^S-1-\d/.test(name) ? `<SID=${name}>` : await dnOf(domain, name))));
