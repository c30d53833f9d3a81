import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { fromBase64url } from './base64url.ts';
import { type PublicKeyInfo, publicKeyInfo, rawPublicKeyInfo } from './public-key.ts';

/**
 * The Ed25519 key (RFC 8032) of a Connect, or of a tenant for its cloud-only users. The private part leaves it only through
 * `exportSigningKey`.
 */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKeyInfo;
}

export function generateSigningKey(): SigningKey {
  return fromPrivate(generateKeyPairSync('ed25519').privateKey);
}

/** PKCS#8 in PEM: a secret, for a file that only the service can read. */
export function exportSigningKey(key: SigningKey): string {
  return key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** @throws Error if the text is no Ed25519 private key in PKCS#8 PEM */
export function importSigningKey(pem: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pem, format: 'pem', type: 'pkcs8' });
  } catch (cause) {
    throw new Error('an Ed25519 private key in PKCS#8 PEM expected: the text cannot be read as one', {
      cause,
    });
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(`an Ed25519 private key expected, got ${privateKey.asymmetricKeyType}`);
  }
  return fromPrivate(privateKey);
}

export function signingPublicKey(key: SigningKey): PublicKeyInfo {
  return key.publicKey;
}

export function signBytes(key: SigningKey, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, key.privateKey);
}

/** @throws Error if `publicKey` is none: it comes from our own store, not from the record */
export function verifyBytes(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, bytes, importPublic(publicKey), signature);
}

const MAX_IMPORTED = 64;
const imported = new Map<string, KeyObject>();

function importPublic(publicKey: string): KeyObject {
  let key = imported.get(publicKey);
  if (key === undefined) {
    const { publicKey: x } = publicKeyInfo('signing', publicKey);
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    if (imported.size >= MAX_IMPORTED) imported.clear();
    imported.set(publicKey, key);
  }
  return key;
}

function fromPrivate(privateKey: KeyObject): SigningKey {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: rawPublicKeyInfo('signing', fromBase64url(x!)!) };
}
