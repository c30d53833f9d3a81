import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSid } from '@causeway/ldap';
import { baseDn, hostFqdn } from '@causeway/samba';
import { type ClientResult, lastLine, runClient } from './run-client.ts';
import { krb5ConfFile, type LabDomain, layoutOf } from './table.ts';
import { type KerberosTrial, withTicket } from './try-password.ts';

// OpenLDAP's ldapsearch: Samba does not answer ldapwhoami's request, but shows each account its own SIDs.

export interface LdapTrial {
  ok: boolean;
  /**
   * The account that the domain controller bound: `DOMAIN
   * ame`.
   */
  identity?: string;
  error?: string;
}

interface LdapAccount {
  /** Short name, user principal name or DN. */
  user: string;
  domain: LabDomain;
  password: string;
}

/** ldapsearch opens its password file by name, and a child's standard input is a socket, which cannot be opened so. */
const BY_PIPE = 'cat | "$@"';

/** Tries a password by a simple bind over TLS, whose certificate is checked. */
export function tryLdapSimple({ user, domain, password }: LdapAccount): Promise<LdapTrial> {
  const name = /[@=]/.test(user) ? user : `${domain.netbiosDomain}\\${user}`;
  const bind = ['-x', '-H', `ldaps://${domain.address}`, '-D', name, '-y', '/dev/stdin'];
  const env = { LDAPTLS_CACERT: layoutOf(domain).caFile, LDAPTLS_REQCERT: 'demand' };
  return whoAmI(domain, search =>
    runClient('sh', ['-c', BY_PIPE, 'sh', 'ldapsearch', ...bind, ...search], env, password),
  );
}

/** No resolver knows the domain controller's name. Gives this client alone a line in `/etc/hosts`. */
const WITH_HOSTS = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';

/** Tries a password by SASL GSSAPI: a Kerberos ticket for the directory, and the encryption that comes with it. */
export function tryLdapGssapi({
  user,
  domain,
  password,
}: LdapAccount): Promise<LdapTrial & { ticket: KerberosTrial }> {
  const account = { user, realm: domain.realm, password, krb5Conf: krb5ConfFile() };
  return withTicket(account, async (ticket, env) => {
    if (!ticket.ok) return { ok: false, ticket, error: `no ticket: ${ticket.error}` };
    const directory = await mkdtemp(join(tmpdir(), 'causeway-ldap-'));
    try {
      const hosts = join(directory, 'hosts');
      await writeFile(hosts, `${domain.address} ${hostFqdn(domain)}\n`);
      const bind = ['-Y', 'GSSAPI', '-Q', '-N', '-O', 'minssf=56', '-H', `ldap://${hostFqdn(domain)}`];
      const view = ['--mount', '--propagation', 'private', 'sh', '-c', WITH_HOSTS, 'sh', hosts];
      const trial = await whoAmI(domain, search =>
        runClient('unshare', [...view, 'ldapsearch', ...bind, ...search], env, ''),
      );
      return { ...trial, ticket };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

/** The DN under which Domain Services puts an account of the managed domain. */
export const managedDn = (domain: LabDomain, name: string): string =>
  `CN=${name},OU=AADDC Users,${baseDn(domain)}`;

/** Binds, asks the domain controller for the bound user's SIDs, the user's own first, and finds the name. */
async function whoAmI(
  domain: LabDomain,
  search: (search: string[]) => Promise<ClientResult>,
): Promise<LdapTrial> {
  const bound = await search(['-LLL', '-s', 'base', '-b', '', 'tokenGroups']);
  const own = /^tokenGroups:: (\S+)$/m.exec(bound.output)?.[1];
  if (bound.code !== 0 || own === undefined) return { ok: false, error: reason(bound) };
  const sid = decodeSid(Buffer.from(own, 'base64'));
  const wanted = [`(objectSid=${sid})`, 'sAMAccountName'];
  const found = await search(['-LLL', '-o', 'ldif-wrap=no', '-b', baseDn(domain), ...wanted]);
  const name = valueIn('sAMAccountName', found.output);
  return name === undefined
    ? { ok: false, error: `nobody with the SID ${sid}: ${reason(found)}` }
    : { ok: true, identity: `${domain.netbiosDomain}\\${name}` };
}

/** A value of LDIF (RFC 2849): in base64 after two colons if it is not ASCII. */
function valueIn(attribute: string, ldif: string): string | undefined {
  const [, colons, value] = new RegExp(`^${attribute}(::?) (.+)$`, 'm').exec(ldif) ?? [];
  return colons === '::' ? Buffer.from(value!, 'base64').toString('utf8') : value;
}

function reason(result: ClientResult): string {
  const said = /^ldap_\w+: (.+)$/m.exec(result.errors)?.[1];
  const more = /^\s*additional info: (.+)$/m.exec(result.errors)?.[1];
  return said === undefined ? lastLine(result) : [said, more].filter(Boolean).join(': ');
}
