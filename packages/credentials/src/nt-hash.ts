import { timingSafeEqual } from 'node:crypto';
import { encodeUtf16le } from '@causeway/wire';
import { md4 } from './md4.ts';

/** Bytes of an NT hash. */
export const NT_HASH_LENGTH = 16;

/** MD4 of nothing (RFC 1320, A.5): the NT hash of the empty password, which is no secret. */
const OF_EMPTY_PASSWORD = Buffer.from('31d6cfe0d16ae931b73c59d7e0c089c0', 'hex');

export function isHashOfEmptyPassword(hash: Uint8Array): boolean {
  return hash.length === NT_HASH_LENGTH && timingSafeEqual(hash, OF_EMPTY_PASSWORD);
}

/** The NT hash, NTOWFv1 of [MS-NLMP] 3.3.1: MD4 over the password in UTF-16LE, as typed, not normalized. */
export function ntHash(password: string): Uint8Array {
  const bytes = encodeUtf16le(password);
  try {
    return md4(bytes);
  } finally {
    bytes.fill(0);
  }
}
