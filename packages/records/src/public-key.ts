import { hash } from 'node:crypto';
import { fromBase64url, toBase64url } from './base64url.ts';

export type KeyKind = 'signing' | 'sealing';

/** Lengths of raw public keys: Ed25519 (RFC 8032), and X-Wing, which is ML-KEM-768 followed by X25519. */
const KEY_LENGTHS: Record<KeyKind, number> = { signing: 32, sealing: 1216 };
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const KEY_ID_LENGTH = 16;

export interface PublicKeyInfo {
  /** The first 16 characters of the fingerprint. Finds a key, but proves nothing. */
  keyId: string;
  /** The raw public key in base64url. */
  publicKey: string;
  /** All 256 bits of a labelled SHA-256, for people to compare: 13 groups of 4 characters. */
  fingerprint: string;
}

/** @throws Error if the text is no public key of this kind */
export function publicKeyInfo(kind: KeyKind, publicKey: string): PublicKeyInfo {
  const raw = fromBase64url(publicKey);
  if (raw?.length !== KEY_LENGTHS[kind]) {
    throw new Error(`a ${kind} key of ${KEY_LENGTHS[kind]} bytes in base64url without padding expected`);
  }
  return rawPublicKeyInfo(kind, raw);
}

export function rawPublicKeyInfo(kind: KeyKind, raw: Uint8Array): PublicKeyInfo {
  const labelled = Buffer.concat([Buffer.from(`causeway ${kind} key v1\0`), raw]);
  const digits = base32(hash('sha256', labelled, 'buffer'));
  return { keyId: digits.slice(0, KEY_ID_LENGTH), publicKey: toBase64url(raw), fingerprint: grouped(digits) };
}

/**
 * The one fingerprint of a managed domain. It covers the key that records are sealed to and the key that signs receipts, so that neither
 * can change without the other side's administrator.
 *
 * @throws Error if one of them is no public key of its kind
 */
export function domainFingerprint(sealingKey: string, receiptKey: string): string {
  const keys = [publicKeyInfo('sealing', sealingKey), publicKeyInfo('signing', receiptKey)];
  const raw = keys.map(({ publicKey }) => Buffer.from(publicKey, 'base64url'));
  return grouped(
    base32(hash('sha256', Buffer.concat([Buffer.from('causeway domain keys v1\0'), ...raw]), 'buffer')),
  );
}

export function isKeyId(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Z2-7]{16}$/.test(text);
}

/**
 * Normalizes a fingerprint that a user typed (upper or lower case; with spaces, hyphens, colons or nothing between) to the printed form.
 * Undefined if it cannot be one.
 */
export function normalizeFingerprint(text: string): string | undefined {
  if (text.length > 200) return undefined;
  const digits = text.replaceAll(/[\s:-]/g, '').toUpperCase();
  // The last of 52 digits carries one bit of the 256.
  return /^[A-Z2-7]{51}[AQ]$/.test(digits) ? grouped(digits) : undefined;
}

function grouped(digits: string): string {
  return digits.match(/.{4}/g)!.join('-');
}

/** RFC 4648, 6, without padding. No two digits look alike. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}
