import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { DecodeError, fromHex, toHex } from '@causeway/wire';
import { NT_HASH_LENGTH } from './nt-hash.ts';

const PREFIX = 'v1;PPH1_MD4,';
/** The original's number. A check of a password costs this many, so a stored text must not be able to ask for more. */
export const CLOUD_ITERATIONS = 1000;
export const CLOUD_SALT_LENGTH = 10;
const HASH_LENGTH = 32;
/** Prefix, salt, four digits, hash and the separators. */
const MAX_TEXT_LENGTH = PREFIX.length + 2 * CLOUD_SALT_LENGTH + 2 * HASH_LENGTH + 4 + 3;

const pbkdf2Async = promisify(pbkdf2);

/** The parts of `v1;PPH1_MD4,<salt>,<iterations>,<hash>;`. */
export interface CloudCredential {
  salt: Uint8Array;
  iterations: number;
  hash: Uint8Array;
}

/**
 * The cloud credential of an NT hash (behaviour of the original: PBKDF2-HMAC-SHA256 over the UTF-16LE text of its upper-case hex). Runs in
 * the thread pool.
 *
 * @param salt 10 random bytes, new for every password change
 */
export async function deriveCloudCredential(hash: Uint8Array, salt: Uint8Array): Promise<string> {
  if (salt.length !== CLOUD_SALT_LENGTH) {
    throw new RangeError(`a salt of ${CLOUD_SALT_LENGTH} bytes expected, got ${salt.length}`);
  }
  const derived = await derive(hash, salt, CLOUD_ITERATIONS);
  return `${PREFIX}${toHex(salt)},${CLOUD_ITERATIONS},${toHex(derived)};`;
}

/** @throws DecodeError for anything but the exact format: lower-case hex, 1 to 1000 iterations, final semicolon. */
export function parseCloudCredential(text: string): CloudCredential {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new DecodeError('cloudCredential', 'limit', `${text.length} characters, above ${MAX_TEXT_LENGTH}`);
  }
  if (!text.startsWith(PREFIX)) {
    throw new DecodeError('cloudCredential.version', 'unexpected', `'${PREFIX}' expected`);
  }
  if (!text.endsWith(';')) throw new DecodeError('cloudCredential.end', 'truncated', "';' expected");
  const [salt, iterations, hash, ...more] = text.slice(PREFIX.length, -1).split(',');
  if (salt === undefined || !/^[0-9a-f]{20}$/.test(salt)) {
    throw new DecodeError('cloudCredential.salt', 'unexpected', '20 lower-case hex digits expected');
  }
  if (iterations === undefined || !/^[1-9][0-9]{0,3}$/.test(iterations)) {
    throw new DecodeError('cloudCredential.iterations', 'unexpected', 'a number expected');
  }
  if (Number(iterations) > CLOUD_ITERATIONS) {
    throw new DecodeError('cloudCredential.iterations', 'limit', `at most ${CLOUD_ITERATIONS} expected`);
  }
  if (hash === undefined || !/^[0-9a-f]{64}$/.test(hash)) {
    throw new DecodeError('cloudCredential.hash', 'unexpected', '64 lower-case hex digits expected');
  }
  if (more.length !== 0) throw new DecodeError('cloudCredential.end', 'trailing', 'four fields expected');
  return { salt: fromHex(salt), iterations: Number(iterations), hash: fromHex(hash) };
}

/** Whether the text was derived from this NT hash. Compares in constant time. @throws DecodeError as the parser does */
export async function verifyCloudCredential(text: string, hash: Uint8Array): Promise<boolean> {
  const expected = parseCloudCredential(text);
  return timingSafeEqual(await derive(hash, expected.salt, expected.iterations), expected.hash);
}

async function derive(hash: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  if (hash.length !== NT_HASH_LENGTH) throw new RangeError(`an NT hash has 16 bytes, got ${hash.length}`);
  // Written digit by digit, because a string could not be wiped.
  const password = new Uint8Array(4 * NT_HASH_LENGTH);
  for (let i = 0; i < 2 * NT_HASH_LENGTH; i++) {
    const digit = (hash[i >> 1]! >> (i % 2 === 0 ? 4 : 0)) & 15;
    password[2 * i] = digit < 10 ? 0x30 + digit : 0x41 + digit - 10;
  }
  try {
    return await pbkdf2Async(password, salt, iterations, HASH_LENGTH, 'sha256');
  } finally {
    password.fill(0);
  }
}
