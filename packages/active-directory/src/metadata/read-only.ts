import { bytesOf, filterEscape, type LdapConnection } from '@causeway/ldap';
import { Reader } from '@causeway/wire';

/** LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID ([MS-ADTS] 3.1.1.3.4.3): Windows reports it, Samba (4.17) does not. */
const PARTIAL_SECRETS = '1.2.840.113556.1.4.1920';
/** NETLOGON_NT_VERSION_5 and _5EX ([MS-ADTS] 6.3.1.1), as a filter writes them. */
const VERSION_5EX = '\\06\\00\\00\\00';
/** LOGON_SAM_LOGON_RESPONSE_EX ([MS-ADTS] 6.3.1.3). */
const RESPONSE_EX = 23;
/** DS_SELECT_SECRET_DOMAIN_6_FLAG ([MS-ADTS] 6.3.1.2). */
const SELECT_SECRETS = 0x800;

/**
 * Whether it is a read-only domain controller, which has only some of the passwords. It reports this before any sign-in.
 * @param domain its domain's DNS name
 */
export async function isReadOnlyController(connection: LdapConnection, domain: string): Promise<boolean> {
  const [entry] = await connection.search('', { scope: 'base', attributes: ['supportedCapabilities'] });
  if (entry?.attributes.supportedCapabilities?.map(String).includes(PARTIAL_SECRETS)) return true;
  const [ping] = await connection.search('', {
    scope: 'base',
    filter: `(&(DnsDomain=${filterEscape(domain)})(NtVer=${VERSION_5EX}))`,
    attributes: ['netlogon'],
  });
  const answer = ping && bytesOf(ping, 'netlogon');
  return answer !== undefined && isPingOfReadOnly(answer);
}

/** Reads the beginning of a NETLOGON_SAM_LOGON_RESPONSE_EX ([MS-ADTS] 6.3.1.9). */
export function isPingOfReadOnly(answer: Uint8Array): boolean {
  const r = new Reader(answer, 'netlogon');
  if (r.u16le('Opcode') !== RESPONSE_EX) return false;
  r.skip(2, 'Sbz');
  return (r.u32le('Flags') & SELECT_SECRETS) !== 0;
}
