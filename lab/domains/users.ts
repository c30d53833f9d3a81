import { baseDn, dnsDomain, runTool } from '@causeway/samba';
import { type Attributes, type Change, renderLdif } from './ldif.ts';
import { administratorPasswordFile, type LabDomain, layoutOf } from './table.ts';

// What an administrator does at a domain controller, with OpenLDAP's tools over LDAPS: no code of ours in between.

export interface NewUser {
  sam: string;
  /** Default: `sam@dns-domain`. */
  upn?: string;
  givenName?: string;
  surname?: string;
  displayName?: string;
  mail?: string;
  /** Further attributes, in the directory's form. */
  profile?: Readonly<Record<string, string[]>>;
  /** Common name; default: the display name, or `sam`. */
  cn?: string;
  /** DN of the container; default: `CN=Users` of the domain. */
  container?: string;
  /** Without it the account has no password, and is disabled. */
  password?: string;
  mustChange?: boolean;
  /** Default: true. */
  enabled?: boolean;
}

const NORMAL_ACCOUNT = 0x200;
const ACCOUNT_DISABLED = 0x2;
const PASSWORD_NOT_REQUIRED = 0x20;

/** @returns the DN of the new user */
export async function createUser(domain: LabDomain, user: NewUser): Promise<string> {
  const dn = userDn(domain, user);
  await change(domain, { dn, change: 'add', attributes: userAttributes(domain, user) });
  return dn;
}

export function userDn(domain: LabDomain, user: NewUser): string {
  return `CN=${escapeRdn(commonName(user))},${user.container ?? `CN=Users,${baseDn(domain)}`}`;
}

const commonName = (user: NewUser): string => user.cn ?? user.displayName ?? user.sam;

/** What describes a user, as the directory has it. */
export function describing({
  givenName,
  surname,
  displayName,
  mail,
  profile,
}: NewUser): Record<string, string[]> {
  const attributes: Record<string, string[]> = {};
  for (const [name, value] of Object.entries({ givenName, sn: surname, displayName, mail }))
    if (value !== undefined) attributes[name] = [value];
  return { ...attributes, ...profile };
}

/** What both ways of making users share. */
export function userAttributes(domain: LabDomain, user: NewUser): Attributes {
  const off = user.enabled === false || user.password === undefined;
  const control =
    NORMAL_ACCOUNT | (off ? ACCOUNT_DISABLED : 0) | (user.password === undefined ? PASSWORD_NOT_REQUIRED : 0);
  const attributes: Attributes = {
    objectClass: ['user'],
    sAMAccountName: [user.sam],
    userPrincipalName: [user.upn ?? `${user.sam}@${dnsDomain(domain)}`],
    userAccountControl: [String(control)],
    ...describing(user),
  };
  if (user.password !== undefined) attributes.unicodePwd = [quotedPassword(user.password)];
  if (user.mustChange) attributes.pwdLastSet = ['0'];
  return attributes;
}

/**
 * Resets a password as an administrator does.
 *
 * @param user short name, user principal name or DN
 */
export async function setPassword(
  domain: LabDomain,
  user: string,
  password: string,
  options: { mustChange?: boolean } = {},
): Promise<void> {
  const replace: Attributes = { unicodePwd: [quotedPassword(password)] };
  if (options.mustChange) replace.pwdLastSet = ['0'];
  await change(domain, { dn: await dnOf(domain, user), change: 'modify', replace });
}

export const disableUser = (domain: LabDomain, user: string) => setDisabled(domain, user, true);
export const enableUser = (domain: LabDomain, user: string) => setDisabled(domain, user, false);

async function setDisabled(domain: LabDomain, user: string, disabled: boolean): Promise<void> {
  const found = await find(domain, user, ['userAccountControl']);
  const before = Number(found.attributes.userAccountControl ?? NORMAL_ACCOUNT);
  const after = disabled ? before | ACCOUNT_DISABLED : before & ~ACCOUNT_DISABLED;
  await change(domain, {
    dn: found.dn,
    change: 'modify',
    replace: { userAccountControl: [String(after)] },
  });
}

export async function deleteUser(domain: LabDomain, user: string): Promise<void> {
  await change(domain, { dn: await dnOf(domain, user), change: 'delete' });
}

/** Changes names: common name (and so the DN), short name, user principal name, others by `attributes`. */
export async function renameUser(
  domain: LabDomain,
  user: string,
  names: { cn?: string; sam?: string; upn?: string; attributes?: Attributes; container?: string },
): Promise<string> {
  let dn = await dnOf(domain, user);
  const replace: Attributes = { ...names.attributes };
  if (names.sam !== undefined) replace.sAMAccountName = [names.sam];
  if (names.upn !== undefined) replace.userPrincipalName = [names.upn];
  if (Object.keys(replace).length > 0) await change(domain, { dn, change: 'modify', replace });
  if (names.cn === undefined && names.container === undefined) return dn;
  const [rdn, parent] = splitDn(dn);
  const newRdn = names.cn === undefined ? rdn : `CN=${escapeRdn(names.cn)}`;
  const newSuperior = names.container ?? parent;
  await change(domain, { dn, change: 'modrdn', newRdn, newSuperior });
  dn = `${newRdn},${newSuperior}`;
  return dn;
}

/** One attribute of one object as text, for example `pwdLastSet` or `objectGUID` (then in base64). */
export async function readAttribute(
  domain: LabDomain,
  user: string,
  attribute: string,
): Promise<string | undefined> {
  return (await find(domain, user, [attribute])).attributes[attribute];
}

/** Any changes as the administrator, in one connection. Stops at the first that fails. */
export async function change(domain: LabDomain, ...changes: Change[]): Promise<void> {
  await ldapTool(domain, 'ldapmodify', [], renderLdif(changes));
}

/** `"password"` in UTF-16LE ([MS-ADTS] 3.1.1.3.1.5). */
export const quotedPassword = (password: string): Uint8Array => Buffer.from(`"${password}"`, 'utf16le');

/** RFC 4514, 2.4 */
export const escapeRdn = (value: string): string =>
  value
    .replace(/[\\,+"<>;=]/g, '\\$&')
    .replace(/^([ #])/, '\\$1')
    .replace(/ $/, '\\ ');

/** @param user short name, user principal name or DN; a group by short name or DN */
export const dnOf = async (domain: LabDomain, user: string): Promise<string> =>
  user.includes('=') ? user : (await find(domain, user, ['1.1'])).dn;

interface Found {
  dn: string;
  /** First values; binary ones in base64. */
  attributes: Record<string, string>;
}

async function find(domain: LabDomain, user: string, attributes: string[]): Promise<Found> {
  const place = user.includes('=')
    ? ['-b', user, '-s', 'base', '(objectClass=*)']
    : [
        '-b',
        baseDn(domain),
        `(|(sAMAccountName=${escapeFilter(user)})(userPrincipalName=${escapeFilter(user)}))`,
      ];
  const output = await ldapTool(domain, 'ldapsearch', [
    '-LLL',
    '-o',
    'ldif-wrap=no',
    ...place,
    ...attributes,
  ]);
  const found = output
    .split(/\n\n/)
    .map(parseEntry)
    .find(entry => entry.dn !== '');
  if (found === undefined) throw new Error(`no object ${user} in ${domain.realm}`);
  return found;
}

function parseEntry(text: string): Found {
  const entry: Found = { dn: '', attributes: {} };
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z0-9;-]+)(::?) (.*)$/.exec(line);
    if (!match) continue;
    const [, name, colons, value] = match as unknown as [string, string, string, string];
    if (name === 'dn') entry.dn = colons === '::' ? Buffer.from(value, 'base64').toString('utf8') : value;
    else entry.attributes[name] ??= value;
  }
  return entry;
}

const escapeFilter = (value: string): string =>
  value.replace(/[\\*()\0]/g, c => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

function splitDn(dn: string): [string, string] {
  const comma = /(?<!\\),/.exec(dn);
  return comma ? [dn.slice(0, comma.index), dn.slice(comma.index + 1)] : [dn, ''];
}

async function ldapTool(domain: LabDomain, tool: string, args: string[], input?: string): Promise<string> {
  const bind = ['-x', '-D', `CN=Administrator,CN=Users,${baseDn(domain)}`];
  const password = ['-y', administratorPasswordFile(domain)];
  return runTool(tool, ['-H', `ldaps://${domain.address}`, ...bind, ...password, ...args], {
    ...(input === undefined ? {} : { input }),
    env: { LDAPTLS_CACERT: layoutOf(domain).caFile, LDAPTLS_REQCERT: 'demand' },
  });
}
