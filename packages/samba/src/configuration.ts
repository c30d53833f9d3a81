import { baseDn, type DomainDescription, dnsDomain, hostFqdn } from './description.ts';
import type { DomainLayout } from './layout.ts';

const SERVICES = ['s3fs', 'rpc', 'ldap', 'cldap', 'kdc', 'drepl', 'winbindd', 'ntp_signd', 'kcc'];
const DNS_SERVICES = ['dns', 'dnsupdate'];

/** Options that `samba-tool domain provision` also needs, because it sets access control lists through them. */
export function provisionOptions(domain: DomainDescription): Record<string, string> {
  return {
    interfaces: `${domain.address}/8`,
    'bind interfaces only': 'yes',
    // Keeps access control lists in a database, so that file systems without extended attributes work too.
    'vfs objects': 'dfs_samba4 acl_xattr xattr_tdb',
  };
}

/**
 * Where the domain controller's own mount namespace shows `sysvol`. Its folder lies in one that only root can enter, but all members of the
 * domain, above all machines, read policies there as themselves.
 */
export const SYSVOL = '/run/samba/sysvol';

/** The whole `smb.conf`. It sets every path itself, so that several domains can share a host. */
export function renderSmbConf(domain: DomainDescription, layout: DomainLayout): string {
  const global: Record<string, string> = {
    ...provisionOptions(domain),
    realm: domain.realm,
    workgroup: domain.netbiosDomain.toUpperCase(),
    'netbios name': domain.hostName.toUpperCase(),
    'server role': 'active directory domain controller',
    'server services': [...SERVICES, ...(domain.dns === 'internal' ? DNS_SERVICES : [])].join(', '),
    ...(domain.dns === 'internal' && {
      // An update must be authenticated, so no record is taken from strangers.
      'allow dns updates': 'secure only',
      ...(domain.dnsForwarder && { 'dns forwarder': domain.dnsForwarder }),
    }),
    'disable netbios': 'yes',
    'smb ports': '445',
    'private dir': layout.privateDir,
    'state directory': layout.stateDir,
    'cache directory': layout.cacheDir,
    'lock directory': layout.lockDir,
    'pid directory': layout.runDir,
    'ncalrpc dir': `${layout.runDir}/ncalrpc`,
    'ntp signd socket directory': `${layout.stateDir}/ntp_signd`,
    'binddns dir': `${layout.stateDir}/bind-dns`,
    'usershare path': '',
    'load printers': 'no',
    'printcap name': '/dev/null',
    'disable spoolss': 'yes',
    'tls enabled': 'yes',
    'tls cafile': layout.caFile,
    'tls certfile': layout.certFile,
    'tls keyfile': layout.keyFile,
    logging: 'file',
    'log file': layout.logFile,
    'max log size': '10000',
    ...domain.extraSettings,
  };
  const section = (name: string, settings: Record<string, string>) =>
    [`[${name}]`, ...Object.entries(settings).map(([key, value]) => `\t${key} = ${value}`), ''].join('\n');
  return [
    section('global', global),
    section('sysvol', { path: SYSVOL, 'read only': 'no' }),
    section('netlogon', { path: `${SYSVOL}/${dnsDomain(domain)}/scripts`, 'read only': 'no' }),
  ].join('\n');
}

/** A `krb5.conf` that finds these realms' key distribution centers by address, without DNS. */
export function renderKrb5Conf(domains: Pick<DomainDescription, 'realm' | 'address' | 'hostName'>[]): string {
  const realm = (d: (typeof domains)[number]) =>
    [`\t${d.realm} = {`, `\t\tkdc = ${d.address}`, `\t\tkpasswd_server = ${d.address}`, '\t}'].join('\n');
  const names = (d: (typeof domains)[number]) =>
    [`\t.${dnsDomain(d)} = ${d.realm}`, `\t${dnsDomain(d)} = ${d.realm}`].join('\n');
  return [
    '[libdefaults]',
    `\tdefault_realm = ${domains[0]?.realm ?? ''}`,
    '\tdns_lookup_kdc = false',
    '\tdns_lookup_realm = false',
    '\tdns_canonicalize_hostname = false',
    '\trdns = false',
    '\tudp_preference_limit = 1',
    '',
    '[realms]',
    ...domains.map(realm),
    '',
    '[domain_realm]',
    ...domains.map(names),
    '',
  ].join('\n');
}

/** LDIF that sets the administrator's password. Pass it on standard input, never on a command line. */
export function adminPasswordLdif(domain: DomainDescription, password: string): string {
  const value = Buffer.from(password, 'utf16le').toString('base64');
  return [
    `dn: CN=Administrator,CN=Users,${baseDn(domain)}`,
    'changetype: modify',
    'replace: clearTextPassword',
    `clearTextPassword:: ${value}`,
    '',
  ].join('\n');
}

/** OpenSSL's configuration for the authority's and the server's certificates. */
export function renderCertificateConf(domain: DomainDescription): string {
  return `
[req]
distinguished_name = name
prompt = no
[name]
CN = ${hostFqdn(domain)}
[authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:${hostFqdn(domain)},DNS:${dnsDomain(domain)},IP:${domain.address}
`;
}
