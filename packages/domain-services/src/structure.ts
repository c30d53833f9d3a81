import { baseDn, type DomainPlace, domainLayout, readDomain, runTool } from '@causeway/samba';

export const USERS_OU = 'AADDC Users';
export const COMPUTERS_OU = 'AADDC Computers';
export const ADMINISTRATORS_GROUP = 'AAD DC Administrators';

/** The container that all synchronized accounts lie in, flat. */
export const usersDn = (domain: { realm: string }): string => `OU=${USERS_OU},${baseDn(domain)}`;

const GLOBAL_SECURITY_GROUP = -2147483646;
/** The well-known container that joined computers go to ([MS-ADTS] 6.1.1.4). */
const COMPUTERS_CONTAINER = 'B:32:AA312825768811D1ADED00C04FD8D5CD:';

/** In units of 100 ns, negative: how Active Directory writes a span of time. */
const span = (minutes: number): string => String(-minutes * 60 * 10_000_000);
const NEVER = '-9223372036854775808';

/**
 * The policy of the managed domain: on-premises decides when a synchronized password ends, so here none does;
 * lockout as in the original (5 attempts, 30 minutes, counted over 2).
 */
const POLICY: Readonly<Record<string, string>> = {
  maxPwdAge: NEVER,
  minPwdAge: '0',
  minPwdLength: '7',
  pwdProperties: '1',
  pwdHistoryLength: '0',
  lockoutThreshold: '5',
  lockoutDuration: span(30),
  lockOutObservationWindow: span(2),
};

/** Containers, group and policy as one LDIF, which is one transaction: all of it is there or nothing. */
export function structureLdif(domain: { realm: string }): string {
  const base = baseDn(domain);
  const add = (dn: string, ...lines: string[]): string =>
    [`dn: ${dn}`, 'changetype: add', ...lines, ''].join('\n');
  const container = (name: string): string =>
    add(`OU=${name},${base}`, 'objectClass: organizationalUnit', 'description: made by Causeway');
  const replace = Object.entries(POLICY).map(([name, value]) => `replace: ${name}\n${name}: ${value}\n-`);
  return [
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

/** Makes containers, group and policy in a domain that does not have them; the domain need not run. */
export async function ensureStructure(place: DomainPlace): Promise<void> {
  const layout = domainLayout(place.directory);
  const domain = readDomain(place);
  const common = ['-H', layout.samLdb, `--configfile=${layout.smbConf}`];
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
