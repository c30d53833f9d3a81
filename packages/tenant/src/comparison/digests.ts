import { BUCKETS, DIGEST_LENGTH, differingBuckets, packBuckets } from '@causeway/records';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** A digest as a number, so that `^` is the exclusive or. */
export type Digest = bigint;

/** From the digits that the database stores. */
export const digestFrom = (bits: string): Digest => BigInt(`0b${bits}`);
export const digitsOf = (digest: Digest): string => digest.toString(2).padStart(DIGEST_LENGTH * 8, '0');

export const bytesOf = (digest: Digest): Uint8Array =>
  Buffer.from(digest.toString(16).padStart(DIGEST_LENGTH * 2, '0'), 'hex');

/** The buckets of a forest that differ from these digests. @param buckets as `packBuckets` makes them */
export async function differingFrom(scope: TenantScope, forest: string, buckets: string): Promise<number[]> {
  const rows = await scope
    .select('line_digests')
    .select(['bucket', 'digest'])
    .where('forest', '=', forest)
    .execute();
  const kept = new Map(rows.map(({ bucket, digest }) => [bucket, digestFrom(digest)]));
  const digests = Array.from({ length: BUCKETS }, (_, bucket) => bytesOf(kept.get(bucket) ?? 0n));
  return differingBuckets(packBuckets(digests), buckets);
}
