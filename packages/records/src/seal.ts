import { createCipheriv } from 'node:crypto';
import type { SenderContext } from 'hpke';
import { toBase64url } from './base64url.ts';
import { encapsulationDigest } from './encapsulation.ts';
import { exporterContext, SEALING_INFO, suite, USER_KEY_LENGTH, USER_KEY_NONCE } from './hpke-suite.ts';
import { CREDENTIAL, type CredentialFields, sealingHeader } from './kinds/credential.ts';
import { type PublicKeyInfo, publicKeyInfo } from './public-key.ts';
import { type CredentialSecret, encodeSecret } from './sealed-secret.ts';
import { sign } from './sign.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * Seals the credential records of one batch: one encapsulation to the managed domain's key, and one key per record from its exporter (RFC
 * 9180, 5.3).
 */
export class CredentialSealer {
  readonly #recipientKeyId: string;
  /** The batch's, in base64url. Goes beside its records (`joinEncapsulation`). */
  readonly encapsulation: string;
  readonly #encapsulationDigest: string;
  #context: SenderContext | undefined;
  #counter = 0;

  private constructor(recipientKeyId: string, encapsulation: string, context: SenderContext) {
    this.#recipientKeyId = recipientKeyId;
    this.encapsulation = encapsulation;
    this.#encapsulationDigest = encapsulationDigest(encapsulation)!;
    this.#context = context;
  }

  /**
   * @param recipient the confirmed key
   * @throws Error if the key does not match its fingerprint, or is no X-Wing key
   */
  static async open(recipient: PublicKeyInfo): Promise<CredentialSealer> {
    const actual = publicKeyInfo('sealing', recipient.publicKey);
    if (actual.fingerprint !== recipient.fingerprint || actual.keyId !== recipient.keyId) {
      throw new Error(`the sealing key has fingerprint ${actual.fingerprint}, not ${recipient.fingerprint}`);
    }
    const raw = new Uint8Array(Buffer.from(actual.publicKey, 'base64url'));
    const publicKey = await suite.DeserializePublicKey(raw);
    const { encapsulatedSecret, ctx } = await suite.SetupSender(publicKey, { info: SEALING_INFO });
    return new CredentialSealer(actual.keyId, toBase64url(encapsulatedSecret), ctx);
  }

  /**
   * Seals and signs one record. The caller keeps the secret and wipes it.
   *
   * @returns the signed part, to which the batch's encapsulation belongs
   * @throws RangeError that names the field which is not as documented
   * @throws Error after `close`
   */
  async seal(key: SigningKey, header: CredentialFields, secret: CredentialSecret): Promise<string> {
    if (this.#context === undefined) throw new Error('the sealer is closed: open one for each batch');
    const counter = this.#counter++;
    const batch = { encapsulationDigest: this.#encapsulationDigest, recipientKeyId: this.#recipientKeyId };
    const fields = { ...header, ...batch, counter };
    const associated = sealingHeader(fields);
    const userKey = await this.#context.Export(exporterContext(associated, counter), USER_KEY_LENGTH);
    const plaintext = encodeSecret(secret);
    try {
      const cipher = createCipheriv('aes-256-gcm', userKey, USER_KEY_NONCE);
      cipher.setAAD(associated);
      const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      return sign(key, CREDENTIAL, { ...fields, sealed: toBase64url(sealed) });
    } finally {
      plaintext.fill(0);
      userKey.fill(0);
    }
  }

  /** Ends the batch and releases its context. */
  close(): void {
    this.#context = undefined;
  }
}
