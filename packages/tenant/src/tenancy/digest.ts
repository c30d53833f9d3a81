import { createHash, createHmac } from 'node:crypto';

/** SHA-256 in hex of a random secret of 128 bits or more: stored in its place. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** 128 bits of HMAC-SHA-256 in base64url, over parts that cannot run into each other. */
export function keyedDigest(key: string, ...parts: readonly string[]): string {
  const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(JSON.stringify(parts)).digest();
  return mac.subarray(0, 16).toString('base64url');
}
