import { DecodeError, decodeUtf16le, Reader } from '@causeway/wire';
import {
  DEFAULT_ITERATIONS,
  EncryptionType,
  KEY_LENGTHS,
  type KerberosKeys,
  keysProblem,
  MAX_SALT_CHARACTERS,
  wipeKeys,
} from './kerberos-keys.ts';

const MAX_BLOB_LENGTH = 256 * 1024;
const MAX_PROPERTIES = 64;
const MAX_NAME_LENGTH = 256;
const MAX_KEYS = 32;

/** Reserved1, Length, Reserved2, Reserved3 and the last byte, which `Length` does not count. */
const UNCOUNTED_LENGTH = 13;
const RESERVED4_LENGTH = 96;
const SIGNATURE = 0x50;
const PREFIX = 'Primary:';
const NEWER_KEYS = 'Primary:Kerberos-Newer-Keys';
const NEWER_KEYS_REVISION = 4;
const AES: readonly number[] = [EncryptionType.aes256, EncryptionType.aes128];

export interface SupplementalCredentials {
  /** The current keys, one of each known type, in the form that a managed domain accepts. Wipe them after use. */
  kerberosKeys?: KerberosKeys;
  /** Why there are no keys although the account has some. Names fields, types and lengths, and nothing secret. */
  problem?: string;
  /** The names of the credential packages in the blob, in order, without `Primary:`. */
  packages: string[];
}

/**
 * Reads the current keys of Kerberos-Newer-Keys from `supplementalCredentials` (USER_PROPERTIES, [MS-SAMR] 2.2.10.1) as Windows and Samba
 * write it. Leaves out an unusable key. If the others do not suffice for a managed domain (`keysProblem`), returns none. Skips every other
 * package undecoded, including clear text and DES.
 *
 * @throws DecodeError that names the field
 */
export function parseSupplementalCredentials(bytes: Uint8Array): SupplementalCredentials {
  if (bytes.length === 0) return { packages: [] };
  const r = new Reader(bytes, 'supplementalCredentials');
  r.limited(bytes.length, MAX_BLOB_LENGTH, 'Length');
  if (bytes.length < UNCOUNTED_LENGTH)
    throw r.error('Length', `${UNCOUNTED_LENGTH} bytes at least expected, got ${bytes.length}`, 'truncated');
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
  const value = values.get(NEWER_KEYS);
  return { ...(value && readKeys(value)), packages };
}

/** The properties' values by name, still in hex. */
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

function readKeys(hex: Uint8Array): Pick<SupplementalCredentials, 'kerberosKeys' | 'problem'> {
  const r = new Reader(decodeHex(hex), `supplementalCredentials.${NEWER_KEYS}`);
  const kerberosKeys: KerberosKeys = { salt: '', iterations: DEFAULT_ITERATIONS, keys: [] };
  let usable = false;
  try {
    const unfit = readKeyTable(r, kerberosKeys);
    const problem = keysProblem(kerberosKeys);
    usable = problem === undefined;
    if (usable) return { kerberosKeys };
    if (unfit.size === 0 && kerberosKeys.keys.length === 0) return {};
    return { problem: [problem, ...unfit.values()].join('; ') };
  } finally {
    if (!usable) wipeKeys(kerberosKeys);
    r.bytes.fill(0);
  }
}

/**
 * KERB_STORED_CREDENTIAL_NEW ([MS-SAMR] 2.2.10.6).
 *
 * @returns why an AES key was left out, by encryption type
 */
function readKeyTable(r: Reader, result: KerberosKeys): Map<number, string> {
  const revision = r.u16le('Revision');
  if (revision !== NEWER_KEYS_REVISION)
    throw r.error('Revision', `${NEWER_KEYS_REVISION} expected, got ${revision}`);
  r.skip(2, 'Flags');
  const count = r.limited(r.u16le('CredentialCount'), MAX_KEYS, 'CredentialCount');
  r.skip(6, 'OldCredentialCount'); // counts of service, old and older keys
  const saltLength = r.limited(r.u16le('DefaultSaltLength'), 2 * MAX_SALT_CHARACTERS, 'DefaultSaltLength');
  if (saltLength % 2 !== 0) throw r.error('DefaultSaltLength', 'an even number expected');
  r.skip(2, 'DefaultSaltMaximumLength');
  result.salt = decodeUtf16le(at(r, r.u32le('DefaultSaltOffset'), saltLength, 'DefaultSalt'));
  // 0 means the same as an absent s2kparams: the default of RFC 3962.
  const defaultIterations = r.u32le('DefaultIterationCount') || DEFAULT_ITERATIONS;
  const unfit = new Map<number, string>();
  for (let i = 0; i < count; i++) {
    const field = `Credentials/${i}`;
    r.skip(8, `${field}/Reserved`);
    const iterations = r.u32le(`${field}/IterationCount`) || defaultIterations;
    const enctype = r.u32le(`${field}/KeyType`);
    const length = r.u32le(`${field}/KeyLength`);
    const offset = r.u32le(`${field}/KeyOffset`);
    const expected = KEY_LENGTHS.get(enctype);
    if (expected === undefined || result.keys.some(key => key.enctype === enctype)) continue;
    try {
      // The whole set has one count, and a managed domain's KDC assumes the default.
      if (iterations !== DEFAULT_ITERATIONS)
        throw r.error(`${field}/IterationCount`, `${DEFAULT_ITERATIONS} expected, got ${iterations}`);
      if (length !== expected) throw r.error(`${field}/KeyLength`, `${expected} expected, got ${length}`);
      result.keys.push({ enctype, key: new Uint8Array(at(r, offset, length, `${field}/Key`)) });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (AES.includes(enctype)) unfit.set(enctype, error.message);
    }
  }
  return unfit;
}

/** A view of the bytes at an offset from the start. */
function at(r: Reader, offset: number, length: number, field: string): Uint8Array {
  if (offset + length > r.bytes.length) {
    throw r.error(field, `offset ${offset} with ${length} bytes is past ${r.bytes.length}`, 'truncated');
  }
  return r.bytes.subarray(offset, offset + length);
}

/** Byte by byte, because a string of the hex could not be wiped. Samba writes upper case, Windows lower case. */
function decodeHex(hex: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  const r = new Reader(hex, `supplementalCredentials.${NEWER_KEYS}`);
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
