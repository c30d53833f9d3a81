import { filterEscape, type LdapConnection, openLdap, showDeleted } from '@causeway/ldap';
import { baseDn } from '@causeway/samba';
import { administratorPassword, describeDomain, type LabDomain, layoutOf } from './table.ts';

// Restores a deleted user or group: what an administrator does to a tombstone, and what Windows does with a recycle bin.

const RECYCLE_BIN_FEATURE = '766ddcd8-acd0-445e-f3b9-a7f9b6744f2a';

/** Switches the recycle bin on, for good ([MS-ADTS] 3.1.1.9.1): a deleted object keeps all attributes. Samba lets only the system do it. */
export async function enableRecycleBin(domain: LabDomain): Promise<void> {
  await using system = await openSystem(domain);
  const value = `CN=Partitions,CN=Configuration,${baseDn(domain)}:${RECYCLE_BIN_FEATURE}`;
  await system.modify('', [{ operation: 'add', attribute: 'enableOptionalFeature', values: [value] }]);
}

/**
 * Reanimates a tombstone ([MS-ADTS] 3.1.1.5.3.7). Name, SID and userAccountControl come back, password and userPrincipalName do not, nor do
 * a group's members and memberships.
 */
export async function reanimateUser(domain: LabDomain, sam: string): Promise<void> {
  await using admin = await openAsAdministrator(domain);
  await admin.modify(
    await deletedDn(admin, domain, sam),
    [
      { operation: 'delete', attribute: 'isDeleted', values: [] },
      { operation: 'replace', attribute: 'distinguishedName', values: [homeDn(domain, sam)] },
    ],
    [showDeleted()],
  );
}

/**
 * Does what a restore from the recycle bin does: removes `isDeleted` and changes the name. Samba (4.17) keeps what is in the bin and cannot
 * restore it, so this writes the two changes as the system.
 */
export async function restoreFromBin(
  domain: LabDomain,
  sam: string,
  category: 'Person' | 'Group' = 'Person',
): Promise<void> {
  await using system = await openSystem(domain);
  const dn = await deletedDn(system, domain, sam);
  await system.modify(
    dn,
    [
      { operation: 'delete', attribute: 'isDeleted', values: [] },
      {
        operation: 'add',
        attribute: 'objectCategory',
        values: [`CN=${category},CN=Schema,CN=Configuration,${baseDn(domain)}`],
      },
    ],
    [showDeleted()],
  );
  await system.modifyDn(dn, homeDn(domain, sam), [showDeleted()]);
}

const homeDn = (domain: LabDomain, sam: string): string => `CN=${sam},CN=Users,${baseDn(domain)}`;

async function deletedDn(connection: LdapConnection, domain: LabDomain, sam: string): Promise<string> {
  const [found] = await connection.search(baseDn(domain), {
    filter: `(&(isDeleted=TRUE)(sAMAccountName=${filterEscape(sam)}))`,
    attributes: ['1.1'],
    controls: [showDeleted()],
  });
  if (!found) throw new Error(`no deleted object ${sam} in ${domain.realm}`);
  return found.dn;
}

export function openAsAdministrator(domain: LabDomain): Promise<LdapConnection> {
  const { address, host, caFile, dnsDomain } = describeDomain(domain);
  return openLdap({
    url: `ldaps://${address}`,
    serverName: host,
    caFile,
    bind: { dn: `Administrator@${dnsDomain}`, password: administratorPassword(domain) },
    timeoutMs: 20_000,
  });
}

const openSystem = (domain: LabDomain): Promise<LdapConnection> =>
  openLdap({ url: { socketPath: layoutOf(domain).ldapi }, timeoutMs: 20_000 });
