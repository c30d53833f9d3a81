import { escapeRdn } from '@causeway/ldap';
import { baseDn, type DomainPlace, readDomain, runTool } from '@causeway/samba';
import { onDatabase } from './ldb/ldb-tools.ts';
import { DOMAIN_POLICY, settingsObjects } from './lockout-policy.ts';

export const USERS_OU = 'AADDC Users';
export const COMPUTERS_OU = 'AADDC Computers';
export const ADMINISTRATORS_GROUP = 'AAD DC Administrators';

/** The flat container of all synchronized accounts. */
export const usersDn = (domain: { realm: string }): string => `OU=${USERS_OU},${baseDn(domain)}`;

/** The DN of an account with this name. */
export const accountDn = (name: string, users: string): string => `CN=${escapeRdn(name)},${users}`;

const GLOBAL_SECURITY_GROUP = -2147483646;
/** The well-known container that joined computers go to ([MS-ADTS] 6.1.1.4). */
const COMPUTERS_CONTAINER = 'B:32:AA312825768811D1ADED00C04FD8D5CD:';

/** Containers, group and policy as one LDIF, which is one transaction: all of it or nothing. */
export function structureLdif(domain: { realm: string }): string {
  const base = baseDn(domain);
  const add = (dn: string, ...lines: string[]): string =>
    [`dn: ${dn}`, 'changetype: add', ...lines, ''].join('\n');
  const container = (name: string): string =>
    add(`OU=${name},${base}`, 'objectClass: organizationalUnit', 'description: made by Causeway');
  const replace = Object.entries(DOMAIN_POLICY).map(
    ([name, value]) => `replace: ${name}\n${name}: ${value}\n-`,
  );
  const objects = settingsObjects(base, {
    domainUsers: `CN=Domain Users,CN=Users,${base}`,
    administrator: `CN=Administrator,CN=Users,${base}`,
  });
  return [
    ...objects.map(({ dn, values }) =>
      add(
        dn,
        'objectClass: msDS-PasswordSettings',
        ...Object.entries(values).flatMap(([name, list]) => list.map(value => `${name}: ${value}`)),
      ),
    ),
    container(USERS_OU),
    container(COMPUTERS_OU),
    add(
      `CN=${ADMINISTRATORS_GROUP},${usersDn(domain)}`,
      'objectClass: group',
      `sAMAccountName: ${ADMINISTRATORS_GROUP}`,
      `groupType: ${GLOBAL_SECURITY_GROUP}`,
    ),
    [
      `dn: ${base}`,
      'changetype: modify',
      ...replace,
      'delete: wellKnownObjects',
      `wellKnownObjects: ${COMPUTERS_CONTAINER}CN=Computers,${base}`,
      '-',
      'add: wellKnownObjects',
      `wellKnownObjects: ${COMPUTERS_CONTAINER}OU=${COMPUTERS_OU},${base}`,
      '-',
      '',
    ].join('\n'),
  ].join('\n');
}

/** Creates containers, group and policy in a domain that does not have them. The domain need not run. */
export async function ensureStructure(place: DomainPlace): Promise<void> {
  const domain = readDomain(place);
  const common = onDatabase(place);
  const found = await runTool('ldbsearch', [
    ...common,
    '-b',
    baseDn(domain),
    '-s',
    'one',
    `(ou=${USERS_OU})`,
    'dn',
  ]);
  if (/^dn: /m.test(found)) return;
  await runTool('ldbmodify', common, { input: structureLdif(domain) });
}
