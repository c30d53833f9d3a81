import type { SearchEntry } from 'ldapts';
import { CUT_OPTION } from './long-entry.ts';

export type LdapValue = string | Buffer;

/** An object from a search. Attribute names are spelt as they were requested. */
export interface LdapEntry {
  dn: string;
  /** An attribute without values is how DirSync reports that it was cleared. */
  attributes: Record<string, LdapValue[]>;
  /** Attributes with too many values to read, which `attributes` leaves out. */
  cut?: string[];
}

/** Attributes for `add`: one value or several, text or bytes. */
export type LdapAttributes = Record<string, string | Uint8Array | readonly (string | Uint8Array)[]>;

/** Attributes whose values are bytes, in lower case; all others are UTF-8 text. */
const BINARY = new Set(
  [
    'attributeSecurityGUID',
    'auditingPolicy',
    'dBCSPwd',
    'invocationId',
    'jpegPhoto',
    'lmPwdHistory',
    'logonHours',
    'mS-DS-ConsistencyGuid',
    'mS-DS-CreatorSID',
    'msDS-GenerationId',
    'msExchMailboxGuid',
    'netlogon',
    'nTSecurityDescriptor',
    'ntPwdHistory',
    'objectGUID',
    'objectSid',
    'parentGUID',
    'replPropertyMetaData',
    'replUpToDateVector',
    'repsFrom',
    'repsTo',
    'schemaIDGUID',
    'securityIdentifier',
    'sIDHistory',
    'supplementalCredentials',
    'thumbnailPhoto',
    'tokenGroups',
    'unicodePwd',
    'userCertificate',
  ].map(name => name.toLowerCase()),
);

export function isBinaryAttribute(name: string): boolean {
  const lower = name.toLowerCase();
  return BINARY.has(lower) || lower.endsWith(';binary');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Text that is not UTF-8 stays bytes, so that nothing is silently corrupted. */
export function decodeEntry(entry: SearchEntry, requested: readonly string[]): LdapEntry {
  const spelling = new Map(requested.map(name => [name.toLowerCase(), name]));
  const attributes: Record<string, LdapValue[]> = Object.create(null);
  const cut: string[] = [];
  for (const attribute of entry.attributes) {
    if (attribute.type.endsWith(CUT_OPTION)) {
      const name = attribute.type.slice(0, -CUT_OPTION.length);
      cut.push(spelling.get(name.toLowerCase()) ?? name);
      continue;
    }
    const binary = isBinaryAttribute(attribute.type);
    attributes[spelling.get(attribute.type.toLowerCase()) ?? attribute.type] = attribute.parsedBuffers.map(
      value => (binary ? Buffer.from(value) : decodeText(value)),
    );
  }
  return { dn: entry.name, attributes, ...(cut.length > 0 && { cut }) };
}

function decodeText(value: Buffer): LdapValue {
  try {
    return utf8.decode(value);
  } catch {
    return Buffer.from(value);
  }
}

export function encodeValues(values: readonly (string | Uint8Array)[]): Buffer[] {
  return values.map(value =>
    typeof value === 'string'
      ? Buffer.from(value)
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  );
}

/** The first value as text, if there is one and it is text. */
export function textOf(entry: LdapEntry, attribute: string): string | undefined {
  const value = entry.attributes[attribute]?.[0];
  return typeof value === 'string' ? value : undefined;
}

/** The first value as bytes, if there is one and it is bytes. */
export function bytesOf(entry: LdapEntry, attribute: string): Buffer | undefined {
  const value = entry.attributes[attribute]?.[0];
  return typeof value === 'string' ? undefined : value;
}
