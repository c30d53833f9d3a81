import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EncryptionType, ntHash, stringToKey } from '@causeway/credentials';

/** A secret that must be nowhere: an NT hash or a Kerberos key. */
export interface KnownSecret {
  /** Whose it is, and which one; never the secret itself. */
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** What an on-premises domain controller makes of a password. */
export function secretsOf(label: string, password: string, salt: string): KnownSecret[] {
  return [
    { label: `${label}: NT hash`, bytes: ntHash(password) },
    { label: `${label}: AES-256 key`, bytes: stringToKey(EncryptionType.aes256, password, salt) },
    { label: `${label}: AES-128 key`, bytes: stringToKey(EncryptionType.aes128, password, salt) },
  ];
}

/** Every form in which the bytes could have been written by mistake. */
function forms(secret: Uint8Array): Buffer[] {
  const raw = Buffer.from(secret);
  const hex = raw.toString('hex');
  const texts = [hex, hex.toUpperCase(), ...base64Forms(raw)];
  return [
    raw,
    ...texts.map(text => Buffer.from(text)),
    ...[hex, hex.toUpperCase()].map(text => Buffer.from(text, 'utf16le')),
  ];
}

/** Base64 of the bytes at each of the three places in a longer text, without the characters that depend on neighbours. */
function base64Forms(raw: Buffer): string[] {
  return [0, 1, 2].flatMap(shift => {
    const text = Buffer.concat([Buffer.alloc(shift), raw])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + raw.length) * 8) / 6));
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** The labels of the secrets that the bytes hold, in any form. */
export function findSecrets(haystack: Buffer, secrets: readonly KnownSecret[]): string[] {
  return secrets
    .filter(secret => forms(secret.bytes).some(form => haystack.includes(form)))
    .map(secret => secret.label);
}

/** The bytes of all regular files below a path, concatenated. */
export function bytesBelow(path: string): Buffer {
  const stats = statSync(path);
  if (stats.isFile()) return readFileSync(path);
  if (!stats.isDirectory()) return Buffer.alloc(0);
  return Buffer.concat(readdirSync(path).map(name => bytesBelow(join(path, name))));
}
