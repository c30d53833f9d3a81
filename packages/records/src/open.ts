import { createDecipheriv } from 'node:crypto';
import { DecodeError } from '@causeway/wire';
import { exporterContext, TAG_LENGTH, USER_KEY_LENGTH, USER_KEY_NONCE } from './hpke-suite.ts';
import { type CredentialRecord, sealingHeader } from './kinds/credential.ts';
import { type Refused, refused } from './refusal.ts';
import { type CredentialSecret, decodeSecret, UnsupportedSecretVersion } from './sealed-secret.ts';
import type { SealingKey } from './sealing-key.ts';

/**
 * Opens the sealed part of a record that `verifyRecord` accepted. Wipe hash and keys after use. Without keys, the account is to have none.
 */
export async function openCredentialRecord(
  record: CredentialRecord,
  key: SealingKey,
): Promise<({ ok: true } & CredentialSecret) | Refused> {
  if (record.recipientKeyId !== key.publicKey.keyId) {
    return refused('other-recipient', `sealed to key ${record.recipientKeyId}, not ${key.publicKey.keyId}`);
  }
  const plaintext = await decrypt(record, key);
  if (plaintext === undefined) return refused('cannot-open');
  try {
    return { ok: true, ...decodeSecret(plaintext) };
  } catch (error) {
    if (error instanceof UnsupportedSecretVersion) return refused('unsupported-version', error.message);
    if (error instanceof DecodeError) return refused('malformed', error.message);
    throw error;
  } finally {
    plaintext.fill(0);
  }
}

async function decrypt(record: CredentialRecord, key: SealingKey): Promise<Uint8Array | undefined> {
  const header = sealingHeader(record);
  const sealed = Buffer.from(record.sealed, 'base64url');
  let userKey: Uint8Array | undefined;
  try {
    const context = await key.context(record.encapsulation);
    userKey = await context.Export(exporterContext(header, record.counter), USER_KEY_LENGTH);
    const decipher = createDecipheriv('aes-256-gcm', userKey, USER_KEY_NONCE, {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(header);
    decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_LENGTH)), decipher.final()]);
  } catch {
    // An invalid encapsulation, or a tag that does not match. Nothing tells the two apart.
    return undefined;
  } finally {
    userKey?.fill(0);
  }
}
