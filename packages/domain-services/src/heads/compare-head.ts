import { BUCKETS, differingBuckets, type Head } from '@causeway/records';
import type { DifferenceLimits } from '../configuration.ts';
import type { Comparison, Difference, Ours } from '../ledger/comparison.ts';

/**
 * Compares a head with what the managed domain has, bucket by bucket. Call it when the feed was read to its end after the head came: by
 * then an honest tenant has delivered all that the head covers. If a record newer than the head is here already, its bucket cannot be
 * judged, and the next head is compared again.
 */
export function compareHead(
  before: Comparison | undefined,
  head: Pick<Head, 'sequence' | 'time' | 'buckets'>,
  ours: Ours,
  now: string,
): Comparison {
  const agreedAt = before ? [...before.agreedAt] : Array<string | null>(BUCKETS).fill(null);
  const differing = new Set(differingBuckets(head.buckets, ours.buckets));
  const differences: Difference[] = [];
  const explained: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (!differing.has(bucket)) {
      agreedAt[bucket] = head.time;
      continue;
    }
    const known = before?.differences.find(difference => difference.bucket === bucket);
    const look = ours.look(bucket);
    const claimed = digestAt(head.buckets, bucket);
    if (digestText(look.asReceived) === claimed) {
      agreedAt[bucket] = head.time;
      explained.push(bucket);
    } else if (look.newest > head.sequence) {
      if (known) differences.push(known);
      if (before?.explained.includes(bucket)) explained.push(bucket);
    } else {
      const what = `${claimed} ${digestAt(ours.buckets, bucket)}`;
      differences.push(
        known?.what === what
          ? { ...known, heads: known.heads + (head.sequence === before?.sequence ? 0 : 1) }
          : { bucket, since: known?.since ?? now, sameSince: now, what, heads: 1 },
      );
    }
  }
  return { sequence: head.sequence, time: head.time, agreedAt, differences, explained };
}

/** Up to when everything that the forest sent has come here; undefined if that was never the case. */
export function completeAsOf({ agreedAt }: Comparison): string | undefined {
  let least: string | undefined;
  for (const time of agreedAt) {
    if (time === null) return undefined;
    if (least === undefined || time < least) least = time;
  }
  return least;
}

/** Since when a difference has lasted too long; undefined if none has. */
export function alarmSince(
  comparison: Comparison,
  limits: DifferenceLimits,
  now: number,
): string | undefined {
  const age = (time: string): number => now - Date.parse(time);
  return comparison.differences
    .filter(
      ({ since, sameSince, heads }) =>
        (heads >= 2 && age(sameSince) >= limits.differenceMs) || age(since) >= limits.silenceMs,
    )
    .map(({ since }) => since)
    .sort()[0];
}

const DIGITS = 32;

/** The digest of one bucket out of those that `packBuckets` put together, in hex. */
function digestAt(buckets: string, bucket: number): string {
  const hex = Buffer.from(buckets, 'base64url').toString('hex');
  return hex.slice(bucket * DIGITS, (bucket + 1) * DIGITS);
}

const digestText = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');
