import { baseDn, type DomainDescription, dnsDomain, hostFqdn } from './description.ts';
import type { DomainLayout } from './layout.ts';
import { runTool } from './run-tool.ts';

/** The names for which LDAP clients request a ticket of the domain controller ([MS-ADTS] 2.3). */
export function ldapServiceNames(domain: DomainDescription): string[] {
  const host = hostFqdn(domain);
  const short = domain.hostName.toUpperCase();
  return [host, `${host}/${dnsDomain(domain)}`, `${host}/${domain.netbiosDomain.toUpperCase()}`, short].map(
    name => `ldap/${name}`,
  );
}

/**
 * Gives the domain controller's account its names as an LDAP server, without which nobody can bind by Kerberos. Provisioning leaves them to
 * a Samba script that runs only with its DNS. The domain must not run yet.
 */
export async function ensureServiceNames(domain: DomainDescription, layout: DomainLayout): Promise<void> {
  const common = ['-H', layout.samLdb, `--configfile=${layout.smbConf}`];
  const dn = `CN=${domain.hostName.toUpperCase()},OU=Domain Controllers,${baseDn(domain)}`;
  const scope = ['-b', dn, '-s', 'base'];
  const found = await runTool('ldbsearch', [...common, ...scope, 'servicePrincipalName']);
  const known = new Set(
    [...found.replace(/\n /g, '').matchAll(/^servicePrincipalName: (.*)$/gm)].map(match =>
      match[1]!.toLowerCase(),
    ),
  );
  const missing = ldapServiceNames(domain).filter(name => !known.has(name.toLowerCase()));
  if (missing.length === 0) return;
  const values = missing.map(name => `servicePrincipalName: ${name}`);
  const input = [`dn: ${dn}`, 'changetype: modify', 'add: servicePrincipalName', ...values, ''].join('\n');
  await runTool('ldbmodify', common, { input });
}
