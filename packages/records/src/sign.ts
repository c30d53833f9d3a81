import { createCipheriv, createSecretKey } from 'node:crypto';
import type { SenderContext } from 'hpke';
import { toBase64url } from './base64url.ts';
import { encapsulationDigest } from './encapsulation.ts';
import { signEnvelope } from './envelope.ts';
import { exporterContext, SEALING_INFO, suite, USER_KEY_LENGTH, USER_KEY_NONCE } from './hpke-suite.ts';
import { encodeCredential, encodePayload, sealingHeader } from './payload.ts';
import { type PublicKeyInfo, publicKeyInfo } from './public-key.ts';
import {
  type AccountFields,
  CLOUD_ACCOUNT_VERSION,
  type CredentialFields,
  NAMELESS_ACCOUNT_VERSION,
  RECORD_VERSION,
  type WithdrawalFields,
} from './record.ts';
import { type CredentialSecret, encodeSecret } from './sealed-secret.ts';
import type { SigningKey } from './signing-key.ts';

/** @throws RangeError that names the field which is not as documented */
export function signAccountRecord(key: SigningKey, fields: AccountFields): string {
  const { tenant, forest, sourceAnchor, objectGuid, sequence } = fields;
  const { userPrincipalName, sAMAccountName, objectSid, enabled, accountExpires, deleted } = fields;
  const version = versionOf(fields);
  const payload = {
    ...{ accountExpires, deleted, enabled, forest, objectGuid, objectSid, sAMAccountName },
    ...{ sequence, sourceAnchor, tenant, userPrincipalName, version },
  };
  return signEnvelope(key, 'account', encodePayload('account', payload));
}

/** @throws RangeError that names the field which is not as documented */
export function signWithdrawal(key: SigningKey, fields: WithdrawalFields): string {
  const { tenant, forest, sourceAnchor, objectGuid, sequence, reason } = fields;
  const { version, originatingTime, originatingInvocationId } = fields.passwordOrder;
  const passwordOrder = { version, originatingTime, originatingInvocationId };
  const payload = { tenant, forest, sourceAnchor, objectGuid, sequence, passwordOrder, reason };
  return signEnvelope(
    key,
    'withdrawal',
    encodePayload('withdrawal', { ...payload, version: RECORD_VERSION }),
  );
}

/** The oldest version that can say it: who has names is read by every reader. */
function versionOf({ objectSid, userPrincipalName, sAMAccountName }: AccountFields): number {
  if (objectSid === null) return CLOUD_ACCOUNT_VERSION;
  return userPrincipalName === null || sAMAccountName === null ? NAMELESS_ACCOUNT_VERSION : RECORD_VERSION;
}

/**
 * Makes the credential records of one batch: one encapsulation to the managed domain's key, and from its exporter
 * a key a record (RFC 9180, 5.3).
 */
export class CredentialSealer {
  readonly #recipientKeyId: string;
  /** Of the batch, in base64url: goes beside its records (`joinEncapsulation`). */
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
   * @param recipient as it was confirmed
   * @throws Error when the key is not the one that the fingerprint is of, or no X-Wing key
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
   * Seals and signs one record. The secret stays the caller's, to be wiped.
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
      const cipher = createCipheriv('aes-256-gcm', createSecretKey(userKey), USER_KEY_NONCE);
      cipher.setAAD(associated);
      const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      return signEnvelope(key, 'credential', encodeCredential(fields, toBase64url(sealed)));
    } finally {
      plaintext.fill(0);
      userKey.fill(0);
    }
  }

  /** Ends the batch: its context is let go of. */
  close(): void {
    this.#context = undefined;
  }
}
