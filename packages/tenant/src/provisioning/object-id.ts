import { createHash } from 'node:crypto';

/**
 * Always the same id for the same user or group, even in a new database: UUIDv5 (RFC 9562, 5.5) in the tenant's own namespace. No anchor
 * of a forest is both a user and a group.
 */
export function objectIdOf(tenantId: string, forest: string, anchor: string): string {
  const namespace = Buffer.from(tenantId.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(namespace).update(`${forest}/${anchor}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
