import { decodeGuid, type Guid } from '@causeway/wire';
import type { LdapConnection } from './connection.ts';
import { bytesOf, type LdapEntry, textOf } from './entry.ts';
import { LdapError } from './ldap-error.ts';

/** A domain controller's description of itself ([MS-ADTS] 3.1.1.3.2). */
export interface RootDse {
  defaultNamingContext: string;
  configurationNamingContext: string;
  rootDomainNamingContext: string;
  /** DN of the controller's NTDS Settings object. */
  dsServiceName: string;
  dnsHostName: string;
  highestCommittedUSN: bigint;
  /** Its clock's time; undefined if it does not report it. */
  currentTime: Date | undefined;
  /** Windows reports no vendor. */
  isSamba: boolean;
  supportedControls: string[];
}

const ATTRIBUTES = [
  'defaultNamingContext',
  'configurationNamingContext',
  'rootDomainNamingContext',
  'dsServiceName',
  'dnsHostName',
  'highestCommittedUSN',
  'currentTime',
  'vendorName',
  'supportedControl',
] as const;

/** @throws LdapError `protocol` if the server is no domain controller. */
export async function readRootDse(connection: LdapConnection): Promise<RootDse> {
  const entry = await readBase(connection, '', ATTRIBUTES);
  return {
    defaultNamingContext: required(connection, entry, 'defaultNamingContext'),
    configurationNamingContext: required(connection, entry, 'configurationNamingContext'),
    rootDomainNamingContext: required(connection, entry, 'rootDomainNamingContext'),
    dsServiceName: required(connection, entry, 'dsServiceName'),
    dnsHostName: required(connection, entry, 'dnsHostName'),
    highestCommittedUSN: usn(connection, entry),
    currentTime: timeOf(entry),
    isSamba: /samba/i.test(textOf(entry, 'vendorName') ?? ''),
    supportedControls: [...new Set((entry.attributes.supportedControl ?? []).map(String))],
  };
}

/** The controller's time; undefined if it does not report it. */
export async function readCurrentTime(connection: LdapConnection): Promise<Date | undefined> {
  return timeOf(await readBase(connection, '', ['currentTime']));
}

function timeOf(entry: LdapEntry): Date | undefined {
  // GeneralizedTime ([X.680] 46) in the form that domain controllers write: 20261128214222.0Z
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(
    textOf(entry, 'currentTime') ?? '',
  );
  if (digits === null) return undefined;
  const [, year, month, day, hour, minute, second] = digits;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Only the controller's highest USN. It rises with every write, so it is a cheap check for changes. */
export async function highestCommittedUSN(connection: LdapConnection): Promise<bigint> {
  return usn(connection, await readBase(connection, '', ['highestCommittedUSN']));
}

/** The identity of the controller's database. A changed one means that it was restored. */
export async function readInvocationId(connection: LdapConnection, dsServiceName: string): Promise<Guid> {
  const bytes = bytesOf(await readBase(connection, dsServiceName, ['invocationId']), 'invocationId');
  if (bytes?.length !== 16) throw notAController(connection, 'invocationId');
  return decodeGuid(bytes);
}

async function readBase(
  connection: LdapConnection,
  dn: string,
  attributes: readonly string[],
): Promise<LdapEntry> {
  const [entry] = await connection.search(dn, { scope: 'base', attributes });
  if (!entry) throw notAController(connection, attributes[0]!);
  return entry;
}

function usn(connection: LdapConnection, entry: LdapEntry): bigint {
  const text = required(connection, entry, 'highestCommittedUSN');
  if (!/^\d{1,19}$/.test(text)) throw notAController(connection, 'highestCommittedUSN');
  return BigInt(text);
}

function required(connection: LdapConnection, entry: LdapEntry, attribute: string): string {
  const text = textOf(entry, attribute);
  if (text === undefined) throw notAController(connection, attribute);
  return text;
}

function notAController(connection: LdapConnection, attribute: string): LdapError {
  return new LdapError(
    'protocol',
    `${connection.peer} does not say its ${attribute}: an Active Directory domain controller expected`,
  );
}
