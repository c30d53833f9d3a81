import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Rc4 } from '@causeway/credentials';
import { SignatureError } from '../dcerpc/security.ts';

export const NTLM_SIGNATURE_BYTES = 16;

type Direction = 'client-to-server' | 'server-to-client';

/** SIGNKEY and SEALKEY for extended session security with 128 bit ([MS-NLMP] 3.4.5.2, 3.4.5.3). */
export function deriveKey(
  exportedKey: Uint8Array,
  direction: Direction,
  use: 'signing' | 'sealing',
): Uint8Array {
  const label = `session key to ${direction} ${use} key magic constant\0`;
  return createHash('md5').update(exportedKey).update(label).digest();
}

/**
 * One direction of a sealed session ([MS-NLMP] 3.4.4.2). Its cipher stream never restarts and its sequence number counts messages, so every
 * message must pass through here exactly once and in order.
 */
export class NtlmStream {
  /** A key object, because conversion from bytes at every message would cost more than the checksum itself. */
  readonly #signingKey: KeyObject;
  readonly #cipher: Rc4;
  #sequence = 0;

  constructor(exportedKey: Uint8Array, direction: Direction) {
    const sealingKey = deriveKey(exportedKey, direction, 'sealing');
    const signingKey = deriveKey(exportedKey, direction, 'signing');
    this.#signingKey = createSecretKey(signingKey);
    this.#cipher = new Rc4(sealingKey);
    sealingKey.fill(0);
    signingKey.fill(0);
  }

  /** Encrypts `body` in place. The signature covers `before`, the plain body and `after`. */
  seal(before: Uint8Array, body: Uint8Array, after: Uint8Array): Uint8Array {
    const checksum = this.#checksum(before, body, after);
    this.#cipher.processInPlace(body);
    return this.#signature(checksum);
  }

  /** @throws SignatureError */
  unseal(before: Uint8Array, body: Uint8Array, after: Uint8Array, signature: Uint8Array): void {
    this.#cipher.processInPlace(body);
    const expected = this.#signature(this.#checksum(before, body, after));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new SignatureError('the signature of a sealed message does not match its content');
    }
  }

  /** Forgets the cipher. The signing key, which decrypts nothing, goes with the object. */
  wipe(): void {
    this.#cipher.wipe();
  }

  #checksum(before: Uint8Array, body: Uint8Array, after: Uint8Array): Uint8Array {
    const sequence = new Uint8Array(4);
    new DataView(sequence.buffer).setUint32(0, this.#sequence, true);
    const mac = createHmac('md5', this.#signingKey).update(sequence);
    return mac.update(before).update(body).update(after).digest().subarray(0, 8);
  }

  /** NTLMSSP_MESSAGE_SIGNATURE ([MS-NLMP] 2.2.2.9.2). With key exchange the checksum is encrypted by the cipher. */
  #signature(checksum: Uint8Array): Uint8Array {
    this.#cipher.processInPlace(checksum);
    const signature = new Uint8Array(NTLM_SIGNATURE_BYTES);
    signature[0] = 1;
    signature.set(checksum, 4);
    new DataView(signature.buffer).setUint32(12, this.#sequence, true);
    this.#sequence = (this.#sequence + 1) >>> 0;
    return signature;
  }
}
