import { BUCKETS, bucketDigest, differingBuckets, type Entry, type Head } from '@causeway/records';

/** A bucket that is not as a head says, and that nothing explains. */
export interface Difference {
  bucket: number;
  /** When it was seen first, and when this very difference was. */
  since: string;
  sameSince: string;
  /** Both digests: another difference is another text. */
  what: string;
  /** Heads that showed this very difference. */
  heads: number;
}

/** What came of comparing the heads of a forest with the ledger. */
export interface Comparison {
  /** The head that was compared last. */
  sequence: number;
  time: string;
  /** For each bucket the time of the last head of which everything had come; null: none yet. */
  agreedAt: (string | null)[];
  differences: Difference[];
  /** Buckets whose difference is that records came and were not written. */
  explained: number[];
}

/** What a head is compared with. */
export interface Ours {
  buckets: string;
  /** A closer look at one bucket. */
  look(bucket: number): BucketLook;
}

export interface BucketLook {
  /** The largest sequence of all records that are known of its users, deletions too. */
  newest: number;
  /** Its users as they would be if every record that came had been written. */
  asReceived: Entry[];
}

/**
 * Compares a head with what the managed domain has, bucket by bucket. To be called when the feed was read to its end
 * after the head had come, so that an honest tenant has handed over everything that the head speaks of. Where a record
 * newer than the head is here already, nothing can be said: the next head is compared again.
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
    if (digestText(bucketDigest(look.asReceived)) === claimed) {
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

/** Everything that the forest said until then has come here; undefined when that was never so. */
export function completeAsOf({ agreedAt }: Comparison): string | undefined {
  let least: string | undefined;
  for (const time of agreedAt) {
    if (time === null) return undefined;
    if (least === undefined || time < least) least = time;
  }
  return least;
}

export interface DifferenceLimits {
  /** How long one difference may last: what is on its way arrives within that. */
  differenceMs: number;
  /** How long a bucket may differ at all, whatever changes in it meanwhile. */
  silenceMs: number;
}

/** Since when there has been a difference that lasts too long; undefined: there is none. */
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

/** One digest of those that `packBuckets` put together, in hex. */
function digestAt(buckets: string, bucket: number): string {
  const hex = Buffer.from(buckets, 'base64url').toString('hex');
  return hex.slice(bucket * DIGITS, (bucket + 1) * DIGITS);
}

const digestText = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');
