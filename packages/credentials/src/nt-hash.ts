import { encodeUtf16le } from '@causeway/wire';
import { md4 } from './md4.ts';

/** Bytes of an NT hash. */
export const NT_HASH_LENGTH = 16;

/** The NT hash, NTOWFv1 of [MS-NLMP] 3.3.1: MD4 over the password in UTF-16LE, as typed, not normalized. */
export function ntHash(password: string): Uint8Array {
  const bytes = encodeUtf16le(password);
  try {
    return md4(bytes);
  } finally {
    bytes.fill(0);
  }
}
