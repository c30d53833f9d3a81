import { createCipheriv, createHmac, pbkdf2Sync } from 'node:crypto';
import { nfold } from './nfold.ts';
import { ntHash } from './nt-hash.ts';

/** Kerberos encryption types (RFC 3961, 3962, 4757, 8009) that Active Directory stores or uses. */
export const EncryptionType = {
  desCrc: 1,
  desMd5: 3,
  aes128: 17,
  aes256: 18,
  aes128Sha256: 19,
  aes256Sha384: 20,
  rc4: 23,
} as const;

/** Length in bytes of the keys of each known type. */
export const KEY_LENGTHS: ReadonlyMap<number, number> = new Map([
  [EncryptionType.desCrc, 8],
  [EncryptionType.desMd5, 8],
  [EncryptionType.aes128, 16],
  [EncryptionType.aes256, 32],
  [EncryptionType.aes128Sha256, 16],
  [EncryptionType.aes256Sha384, 32],
  [EncryptionType.rc4, 16],
]);

/** The iterations that an absent s2kparams stands for (RFC 3962, 4), and that Active Directory uses. */
export const DEFAULT_ITERATIONS = 4096;
const DEFAULT_ITERATIONS_SHA2 = 32_768;
/** A KDC can choose salt and iterations of a string-to-key. More iterations than this cost more than they protect. */
const MAX_ITERATIONS = 10_000_000;

/** The Kerberos keys of one password, and the salt that all of them were derived with. */
export interface KerberosKeys {
  salt: string;
  iterations: number;
  keys: { enctype: number; key: Uint8Array }[];
}

/** Most characters of a salt, which is a realm and a name in it. */
export const MAX_SALT_CHARACTERS = 1024;

/**
 * Why a managed domain cannot use a set of keys, in words; undefined if it can use the whole set. Samba accepts both AES keys with a salt
 * that is text, or no keys at all. It rejects a lone surrogate together with the hash, and its KDC cuts a salt at U+0000. The KDC tells
 * clients the salt but never an iteration count, so they use the default. Keys with another count would fail, where the NT hash alone
 * works.
 */
export function keysProblem({ salt, iterations, keys }: KerberosKeys): string | undefined {
  for (const enctype of [EncryptionType.aes256, EncryptionType.aes128]) {
    const length = keys.find(key => key.enctype === enctype)?.key.length;
    if (length !== KEY_LENGTHS.get(enctype))
      return `AES keys of encryption types 18 and 17 expected, type ${enctype} is missing`;
  }
  if (salt.length < 1 || salt.length > MAX_SALT_CHARACTERS || !salt.isWellFormed() || salt.includes('\0'))
    return `a salt of 1 to ${MAX_SALT_CHARACTERS} characters of text expected, got ${salt.length === 0 ? 'none' : 'another'}`;
  if (iterations !== DEFAULT_ITERATIONS)
    return `${DEFAULT_ITERATIONS} iterations expected, got ${iterations}`;
  return undefined;
}

/** Overwrites the keys with zeros. */
export function wipeKeys(keys: KerberosKeys): void {
  for (const { key } of keys.keys) key.fill(0);
}

/**
 * The long-term key of a password: RFC 3962 (17, 18), RFC 8009 (19, 20), or the NT hash (23, RFC 4757: no salt).
 *
 * @param salt text, encoded as UTF-8, or bytes
 * @throws RangeError for another encryption type or iterations out of range
 */
export function stringToKey(
  enctype: number,
  password: string,
  salt: string | Uint8Array,
  iterations?: number,
): Uint8Array {
  switch (enctype) {
    case EncryptionType.aes128:
    case EncryptionType.aes256: {
      const length = enctype === EncryptionType.aes256 ? 32 : 16;
      const base = stretch(password, utf8(salt), iterations ?? DEFAULT_ITERATIONS, length, 'sha1');
      return wiping(base, () => deriveKey(base, utf8('kerberos')));
    }
    case EncryptionType.aes128Sha256:
      return sha2Key('aes128-cts-hmac-sha256-128', 'sha256', 16, password, salt, iterations);
    case EncryptionType.aes256Sha384:
      return sha2Key('aes256-cts-hmac-sha384-192', 'sha384', 32, password, salt, iterations);
    case EncryptionType.rc4:
      return ntHash(password);
    default:
      throw new RangeError(`no string-to-key for encryption type ${enctype}: expected 17, 18, 19, 20 or 23`);
  }
}

/** DK of RFC 3961, 5.1, for AES. The result is as long as the base key (16 or 32 bytes). */
export function deriveKey(baseKey: Uint8Array, constant: Uint8Array): Uint8Array {
  const result = new Uint8Array(baseKey.length);
  let block = constant.length === 16 ? constant : nfold(constant, 16);
  for (let at = 0; at < result.length; at += 16) {
    const cipher = createCipheriv(`aes-${baseKey.length * 8}-ecb`, baseKey, null).setAutoPadding(false);
    block = cipher.update(block);
    result.set(block, at);
  }
  block.fill(0);
  return result;
}

/** KDF-HMAC-SHA2 of RFC 8009, 3, for a result no longer than the hash. */
export function deriveKeySha2(
  hash: 'sha256' | 'sha384',
  baseKey: Uint8Array,
  label: Uint8Array,
  lengthBytes: number,
): Uint8Array {
  const bits = new Uint8Array(4);
  new DataView(bits.buffer).setUint32(0, lengthBytes * 8);
  const digest = createHmac(hash, baseKey)
    .update(Uint8Array.of(0, 0, 0, 1))
    .update(label)
    .update(Uint8Array.of(0))
    .update(bits)
    .digest();
  return wiping(digest, () => new Uint8Array(digest.subarray(0, lengthBytes)));
}

function sha2Key(
  name: string,
  hash: 'sha256' | 'sha384',
  length: number,
  password: string,
  salt: string | Uint8Array,
  iterations = DEFAULT_ITERATIONS_SHA2,
): Uint8Array {
  const named = Buffer.concat([utf8(`${name}\0`), utf8(salt)]);
  const base = stretch(password, named, iterations, length, hash);
  return wiping(base, () => deriveKeySha2(hash, base, utf8('kerberos'), length));
}

function stretch(
  password: string,
  salt: Uint8Array,
  iterations: number,
  length: number,
  hash: string,
): Uint8Array {
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS) {
    throw new RangeError(`1 to ${MAX_ITERATIONS} iterations expected, got ${iterations}`);
  }
  // Unpaired surrogates become U+FFFD, as [MS-KILE] 3.1.1.2 specifies for binary passwords.
  const bytes = utf8(password);
  return wiping(bytes, () => pbkdf2Sync(bytes, salt, iterations, length, hash));
}

function utf8(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

function wiping<T>(secret: Uint8Array, use: () => T): T {
  try {
    return use();
  } finally {
    secret.fill(0);
  }
}
