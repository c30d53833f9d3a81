import {
  type Bucket,
  type Entry,
  type ForestSummary,
  summarizeBucket,
  summarizeForest,
} from '@causeway/records';
import { bestEffort } from '@causeway/service';
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
    const fresh = new Map<number, Bucket>();
    const summary = summarizeForest(number => {
      const bucket = known.get(number) ?? summarizeBucket(this.entries(number));
      if (!known.has(number)) fresh.set(number, bucket);
      return bucket;
    });
    if (fresh.size > 0) bestEffort(() => this.#keep(fresh));
    return summary;
  }

  /** One transaction: each of 256 rows would wait for the disk by itself. */
  #keep(buckets: ReadonlyMap<number, Bucket>): void {
    const sql =
      'INSERT INTO head_bucket (connector, bucket, digest, accounts, credentials) VALUES (?, ?, ?, ?, ?)';
    this.#db.transaction(() => {
      for (const [number, { digest, accounts, credentials }] of buckets)
        this.#db.run(sql, this.#connector, number, digest, accounts, credentials);
    });
  }

  /** The users of a bucket, sorted by the bytes of their anchors. */
  entries(bucket: number): Entry[] {
    return this.#db.all<Entry & Record<string, unknown>>(
      `SELECT o.anchor, o.exported_sequence AS accountSequence, coalesce(p.record_sequence, 0) AS credentialSequence
       FROM connector_space AS o LEFT JOIN password_state AS p ON p.connector = o.connector AND p.guid = o.guid
       WHERE o.connector = ? AND o.bucket = ? AND o.exported_digest IS NOT NULL
         AND o.exported_sequence IS NOT NULL ORDER BY o.anchor`,
      this.#connector,
      bucket,
    );
  }
}
