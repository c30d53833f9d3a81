import { decodeUtf16le, Reader } from '@causeway/wire';
import { DEFAULT_ITERATIONS, KEY_LENGTHS, type KerberosKeys, wipeKeys } from './kerberos-keys.ts';

const MAX_BLOB_LENGTH = 256 * 1024;
const MAX_PROPERTIES = 64;
const MAX_NAME_LENGTH = 256;
const MAX_SALT_LENGTH = 2048;
const MAX_KEYS = 32;
const MAX_KEY_LENGTH = 256;

/** Reserved1, Length, Reserved2, Reserved3 and the last byte: what `Length` does not count. */
const UNCOUNTED_LENGTH = 13;
const RESERVED4_LENGTH = 96;
const SIGNATURE = 0x50;
const PREFIX = 'Primary:';
const NEWER_KEYS = 'Primary:Kerberos-Newer-Keys';
const KERBEROS = 'Primary:Kerberos';

export interface SupplementalCredentials {
  /** The current keys; absent when the account has none. Wipe them after use. */
  kerberosKeys?: KerberosKeys;
  /** The credential packages that are there, in order, without `Primary:`; names only. */
  packages: string[];
}

/** Where a key entry's fields stand differs between the two revisions of [MS-SAMR] 2.2.10.4 and 2.2.10.6. */
interface KeyTable {
  revision: number;
  /** Counts that follow the number of current keys: service, old and older ones, which are not read. */
  otherCounts: number;
  hasIterations: boolean;
}

const KEY_TABLES: Record<string, KeyTable> = {
  [NEWER_KEYS]: { revision: 4, otherCounts: 3, hasIterations: true },
  [KERBEROS]: { revision: 3, otherCounts: 1, hasIterations: false },
};

/**
 * Reads `supplementalCredentials` (USER_PROPERTIES, [MS-SAMR] 2.2.10.1) as Windows and as Samba write it: the
 * current keys of Kerberos-Newer-Keys, or of the older Kerberos package where that is all there is. Every other
 * package, clear text among them, is stepped over undecoded.
 *
 * @throws DecodeError that names the field
 */
export function parseSupplementalCredentials(bytes: Uint8Array): SupplementalCredentials {
  if (bytes.length === 0) return { packages: [] };
  const r = new Reader(bytes, 'supplementalCredentials');
  r.limited(bytes.length, MAX_BLOB_LENGTH, 'Length');
  if (r.u32le('Reserved1') !== 0) throw r.error('Reserved1', '0 expected (this is no domain account)');
  const length = r.u32le('Length');
  if (length !== bytes.length - UNCOUNTED_LENGTH) {
    throw r.error('Length', `${bytes.length - UNCOUNTED_LENGTH} expected, got ${length}`);
  }
  r.skip(4, 'Reserved2');
  const values = new Map<string, Uint8Array>();
  if (length !== 0) readProperties(r, values);
  r.skip(1, 'Reserved5');
  r.end();

  const packages = [...values.keys()]
    .filter(name => name !== 'Packages')
    .map(name => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name));
  for (const name of [NEWER_KEYS, KERBEROS]) {
    const value = values.get(name);
    const kerberosKeys = value && readKeys(value, name);
    if (kerberosKeys) return { kerberosKeys, packages };
  }
  return { packages };
}

/** The properties' values, still in hex, by name. */
function readProperties(r: Reader, values: Map<string, Uint8Array>): void {
  r.skip(RESERVED4_LENGTH, 'Reserved4');
  if (r.u16le('PropertySignature') !== SIGNATURE) throw r.error('PropertySignature', '0x50 expected');
  if (r.remaining === 1) return; // no properties, no count
  const count = r.limited(r.u16le('PropertyCount'), MAX_PROPERTIES, 'PropertyCount');
  for (let i = 0; i < count; i++) {
    const field = `UserProperties/${i}`;
    const nameLength = r.limited(r.u16le(`${field}/NameLength`), MAX_NAME_LENGTH, `${field}/NameLength`);
    const valueLength = r.u16le(`${field}/ValueLength`);
    r.skip(2, `${field}/Reserved`);
    const name = decodeUtf16le(r.slice(nameLength, `${field}/PropertyName`));
    if (values.has(name)) throw r.error(`${field}/PropertyName`, 'a property that came before');
    values.set(name, r.slice(valueLength, `${field}/PropertyValue`));
  }
}

function readKeys(hex: Uint8Array, name: string): KerberosKeys | undefined {
  const r = new Reader(decodeHex(hex, name), `supplementalCredentials.${name}`);
  const result: KerberosKeys = { salt: '', iterations: DEFAULT_ITERATIONS, keys: [] };
  try {
    readKeyTable(r, KEY_TABLES[name]!, result);
    return result.keys.length === 0 ? undefined : result;
  } catch (error) {
    wipeKeys(result);
    throw error;
  } finally {
    r.bytes.fill(0);
  }
}

function readKeyTable(r: Reader, table: KeyTable, result: KerberosKeys): void {
  const revision = r.u16le('Revision');
  if (revision !== table.revision) throw r.error('Revision', `${table.revision} expected, got ${revision}`);
  r.skip(2, 'Flags');
  const count = r.limited(r.u16le('CredentialCount'), MAX_KEYS, 'CredentialCount');
  r.skip(2 * table.otherCounts, 'OldCredentialCount');
  const saltLength = r.limited(r.u16le('DefaultSaltLength'), MAX_SALT_LENGTH, 'DefaultSaltLength');
  if (saltLength % 2 !== 0) throw r.error('DefaultSaltLength', 'an even number expected');
  r.skip(2, 'DefaultSaltMaximumLength');
  result.salt = decodeUtf16le(at(r, r.u32le('DefaultSaltOffset'), saltLength, 'DefaultSalt'));
  // 0 means what an absent s2kparams means: the default of RFC 3962.
  if (table.hasIterations) result.iterations = r.u32le('DefaultIterationCount') || DEFAULT_ITERATIONS;
  for (let i = 0; i < count; i++) {
    const field = `Credentials/${i}`;
    r.skip(table.hasIterations ? 12 : 8, `${field}/Reserved`);
    const enctype = r.u32le(`${field}/KeyType`);
    const length = r.limited(r.u32le(`${field}/KeyLength`), MAX_KEY_LENGTH, `${field}/KeyLength`);
    const key = at(r, r.u32le(`${field}/KeyOffset`), length, `${field}/Key`);
    const expected = KEY_LENGTHS.get(enctype) ?? length;
    if (length !== expected) throw r.error(`${field}/KeyLength`, `${expected} expected, got ${length}`);
    result.keys.push({ enctype, key: new Uint8Array(key) });
  }
}

/** A view of bytes that an offset from the start points to. */
function at(r: Reader, offset: number, length: number, field: string): Uint8Array {
  if (offset + length > r.bytes.length) {
    throw r.error(field, `offset ${offset} with ${length} bytes is past ${r.bytes.length}`, 'truncated');
  }
  return r.bytes.subarray(offset, offset + length);
}

/** Byte by byte, because a string of the hex could not be wiped. Upper case is Samba's, lower case Windows'. */
function decodeHex(hex: Uint8Array, name: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  const r = new Reader(hex, `supplementalCredentials.${name}`);
  if (hex.length % 2 !== 0) throw r.error('PropertyValue', 'an even number of hex digits expected');
  for (let i = 0; i < hex.length; i++) {
    const code = hex[i]!;
    const digit =
      code >= 0x30 && code <= 0x39 ? code - 0x30 : (code | 0x20) >= 0x61 ? (code | 0x20) - 0x57 : -1;
    if (digit < 0 || digit > 15) {
      bytes.fill(0);
      throw r.error('PropertyValue', `a hex digit expected at ${i}`);
    }
    bytes[i >> 1] = (bytes[i >> 1]! << 4) | digit;
  }
  return bytes;
}
