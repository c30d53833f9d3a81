import { createHmac, createSecretKey, hash } from 'node:crypto';
import { AEAD_AES_256_GCM, CipherSuite, type KDFFactory, KEM_MLKEM768_X25519 } from 'hpke';

/**
 * HKDF-SHA256 (RFC 5869, HPKE id 0x0001) by OpenSSL's synchronous HMAC. The library's own goes to the thread pool and back for each user's
 * key, which costs more than everything else in a record but the signature.
 */
const HKDF_SHA256: KDFFactory = () => ({
  id: 0x0001,
  type: 'KDF',
  name: 'HKDF-SHA256',
  Nh: 32,
  stages: 2,
  async Extract(salt, ikm) {
    return hmac(salt.length === 0 ? new Uint8Array(32) : salt, ikm);
  },
  async Expand(prk, info, length) {
    const result = new Uint8Array(length);
    let block: Uint8Array = new Uint8Array(0);
    for (let at = 0, counter = 1; at < length; at += 32, counter++) {
      block = hmac(prk, block, info, Uint8Array.of(counter));
      result.set(block.subarray(0, length - at), at);
    }
    return result;
  },
  async Derive() {
    throw new Error('HKDF has two stages');
  },
});

function hmac(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', createSecretKey(key)); // a key object: raw bytes cost five times as much
  for (const part of parts) mac.update(part);
  const digest = mac.digest();
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}

/** X-Wing (0x647a), HKDF-SHA256 (0x0001), AES-256-GCM (0x0002) in base mode (RFC 9180, 5.1.1). */
export const suite = new CipherSuite(KEM_MLKEM768_X25519, HKDF_SHA256, AEAD_AES_256_GCM);

/** HPKE's `info`, so that no other context derives the same keys. */
export const SEALING_INFO = new TextEncoder().encode('causeway credential record v1');
export const ENCAPSULATION_LENGTH = 1120;
export const USER_KEY_LENGTH = 32;
/** A fixed nonce is right here because each user's key encrypts exactly one plaintext (docs/formats.md). */
export const USER_KEY_NONCE = new Uint8Array(12);
export const TAG_LENGTH = 16;

const EXPORT_LABEL = new TextEncoder().encode('causeway credential key v1\0');

/** The exporter context of one user's key: label, SHA-256 of the header's bytes, counter (64 bits, big endian). */
export function exporterContext(header: Uint8Array, counter: number): Uint8Array {
  const context = new Uint8Array(EXPORT_LABEL.length + 32 + 8);
  context.set(EXPORT_LABEL);
  context.set(hash('sha256', header, 'buffer'), EXPORT_LABEL.length);
  new DataView(context.buffer).setBigUint64(EXPORT_LABEL.length + 32, BigInt(counter));
  return context;
}
