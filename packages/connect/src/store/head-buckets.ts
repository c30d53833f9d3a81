import {
  type Bucket,
  type Entry,
  type ForestSummary,
  summarizeBucket,
  summarizeForest,
} from '@causeway/records';
import type { Database } from './database.ts';

/** What the tenant has of a forest, as it acknowledged it: users and the sequences of their records, by bucket. */
export class HeadBuckets {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** Only buckets that changed since the last time are read. */
  summary(): ForestSummary {
    const rows = this.#db.all<Bucket & { bucket: number }>(
      'SELECT bucket, digest, accounts, credentials FROM head_bucket WHERE connector = ?',
      this.#connector,
    );
    const known = new Map(rows.map(row => [row.bucket, row]));
    // One transaction: each of 256 rows would wait for the disk by itself.
    return this.#db.transaction(() =>
      summarizeForest(number => known.get(number) ?? this.#summarize(number)),
    );
  }

  #summarize(number: number): Bucket {
    const bucket = summarizeBucket(this.entries(number));
    this.#db.run(
      'INSERT INTO head_bucket VALUES (?, ?, ?, ?, ?)',
      this.#connector,
      number,
      bucket.digest,
      bucket.accounts,
      bucket.credentials,
    );
    return bucket;
  }

  /** The users of a bucket, sorted by the bytes of their anchors. */
  entries(bucket: number): Entry[] {
    return this.#db.all<Entry & Record<string, unknown>>(
      `SELECT o.anchor, o.exported_sequence AS accountSequence, coalesce(p.record_sequence, 0) AS credentialSequence
       FROM connector_space AS o LEFT JOIN password_state AS p ON p.connector = o.connector AND p.guid = o.guid
       WHERE o.connector = ? AND o.bucket = ? AND o.exported_digest IS NOT NULL ORDER BY o.anchor`,
      this.#connector,
      bucket,
    );
  }
}
