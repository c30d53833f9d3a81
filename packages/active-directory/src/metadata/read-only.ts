import type { LdapConnection } from '@causeway/ldap';

/** LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID ([MS-ADTS] 3.1.1.3.4.3). */
const PARTIAL_SECRETS = '1.2.840.113556.1.4.1920';

/** Whether it is a read-only domain controller, as it says before anybody has signed in: it has no secrets to replicate. */
export async function isReadOnlyController(connection: LdapConnection): Promise<boolean> {
  const attributes = ['supportedCapabilities'];
  const [entry] = await connection.search('', { scope: 'base', attributes });
  return entry?.attributes.supportedCapabilities?.map(String).includes(PARTIAL_SECRETS) ?? false;
}
