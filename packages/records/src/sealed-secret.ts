import type { KerberosKeys } from '@causeway/credentials';
import { NT_HASH_LENGTH, wipeKeys } from '@causeway/credentials';
import { decodeUtf16le, encodeUtf16le, Reader, Writer } from '@causeway/wire';

/** What is sealed: the hash and the keys of one password, as one set. Absent keys mean that the account is to have none. */
export interface CredentialSecret {
  ntHash: Uint8Array;
  kerberosKeys?: KerberosKeys;
}

const VERSION = 1;
/** Every ordinary set fits the first bucket, so the length reveals nothing of keys or salt. */
export const BUCKET_LENGTH = 512;
export const MAX_SECRET_LENGTH = 4096;
const MAX_KEYS = 32;
const MAX_KEY_LENGTH = 256;
const MAX_SALT_LENGTH = 2048;

/** Thrown for another layout version, which is a different refusal from malformed content. */
export class UnsupportedSecretVersion extends Error {
  override readonly name = 'UnsupportedSecretVersion';
}

/** The plaintext of a credential record (docs/formats.md). Wipe it. @throws RangeError above a limit */
export function encodeSecret({ ntHash, kerberosKeys }: CredentialSecret): Uint8Array {
  const keys = kerberosKeys?.keys ?? [];
  const salt = encodeUtf16le(keys.length === 0 ? '' : kerberosKeys!.salt);
  if (ntHash.length !== NT_HASH_LENGTH) throw new RangeError(`an NT hash has 16 bytes, got ${ntHash.length}`);
  if (keys.length > MAX_KEYS) throw new RangeError(`at most ${MAX_KEYS} keys expected, got ${keys.length}`);
  if (salt.length > MAX_SALT_LENGTH) throw new RangeError(`the salt is longer than ${MAX_SALT_LENGTH} bytes`);
  const w = new Writer(BUCKET_LENGTH);
  try {
    w.u8(VERSION).raw(ntHash).u8(keys.length);
    w.u32be(keys.length === 0 ? 0 : kerberosKeys!.iterations);
    w.u16be(salt.length).raw(salt);
    for (const { enctype, key } of keys) {
      if (key.length > MAX_KEY_LENGTH) throw new RangeError(`a key is longer than ${MAX_KEY_LENGTH} bytes`);
      w.u32be(enctype).u16be(key.length).raw(key);
    }
    w.align(BUCKET_LENGTH);
    if (w.length > MAX_SECRET_LENGTH)
      throw new RangeError(`the keys take more than ${MAX_SECRET_LENGTH} bytes`);
    return w.toBytes();
  } finally {
    w.wipe();
  }
}

/**
 * The inverse. Hash and keys are copies, so that the plaintext can be wiped (`slice` of a Buffer would be a view). @throws DecodeError,
 * UnsupportedSecretVersion
 */
export function decodeSecret(bytes: Uint8Array): CredentialSecret {
  const r = new Reader(bytes, 'sealed');
  r.limited(bytes.length, MAX_SECRET_LENGTH, 'length');
  const version = r.u8('version');
  if (version !== VERSION)
    throw new UnsupportedSecretVersion(`sealed.version: ${VERSION} expected, got ${version}`);
  const ntHash = new Uint8Array(r.slice(NT_HASH_LENGTH, 'ntHash'));
  const kerberosKeys: KerberosKeys = { salt: '', iterations: 0, keys: [] };
  try {
    const count = r.limited(r.u8('keyCount'), MAX_KEYS, 'keyCount');
    kerberosKeys.iterations = r.u32be('iterations');
    const saltLength = r.limited(r.u16be('saltLength'), MAX_SALT_LENGTH, 'saltLength');
    if (saltLength % 2 !== 0) throw r.error('saltLength', 'an even number expected');
    kerberosKeys.salt = decodeUtf16le(r.slice(saltLength, 'salt'));
    for (let i = 0; i < count; i++) {
      const enctype = r.u32be(`keys/${i}/enctype`);
      const length = r.limited(r.u16be(`keys/${i}/length`), MAX_KEY_LENGTH, `keys/${i}/length`);
      kerberosKeys.keys.push({ enctype, key: new Uint8Array(r.slice(length, `keys/${i}/key`)) });
    }
    if (r.remaining >= BUCKET_LENGTH || bytes.length % BUCKET_LENGTH !== 0) {
      throw r.error('padding', `the least multiple of ${BUCKET_LENGTH} bytes expected, got ${bytes.length}`);
    }
    if (r.slice(r.remaining, 'padding').some(byte => byte !== 0)) throw r.error('padding', 'zeros expected');
    if (count === 0 && (saltLength !== 0 || kerberosKeys.iterations !== 0)) {
      throw r.error('salt', 'none expected where there are no keys');
    }
  } catch (error) {
    wipeSecret({ ntHash, kerberosKeys });
    throw error;
  }
  return kerberosKeys.keys.length === 0 ? { ntHash } : { ntHash, kerberosKeys };
}

function wipeSecret(secret: Required<CredentialSecret>): void {
  secret.ntHash.fill(0);
  wipeKeys(secret.kerberosKeys);
}
