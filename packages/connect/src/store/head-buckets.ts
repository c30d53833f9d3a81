import { isDeepStrictEqual } from 'node:util';
import {
  BUCKETS,
  type Bucket,
  type Entry,
  type ForestSummary,
  type Line,
  linesDigest,
  packBuckets,
  summarizeBucket,
  summarizeForest,
} from '@causeway/records';
import { bestEffort } from '@causeway/service';
import { type Database, literals } from './database.ts';
import { toOrder } from './password-states.ts';

/**
 * What the tenant has of a forest, as it acknowledged it: users and the sequences of their records, by bucket. If a forest has several
 * connectors, each has a row per bucket with the same content, the forest's. A missing row means that the bucket changed.
 */
export class HeadBuckets {
  readonly #db: Database;
  readonly #connectors: readonly string[];
  /** As a condition. */
  readonly #ours: string;
  /** Buckets with no row missing. */
  readonly #kept: string;
  readonly #lines: string;

  /** @param connectors of the forest, one per domain */
  constructor(db: Database, connectors: readonly string[]) {
    this.#db = db;
    this.#connectors = connectors;
    const names = literals(connectors);
    this.#ours = `connector IN (${names})`;
    this.#kept = `FROM head_bucket WHERE ${this.#ours} GROUP BY bucket HAVING count(*) = ${connectors.length}`;
    this.#lines = `${LINES} AND o.${this.#ours}`;
  }

  /** Forgets all rows after the forest's connectors changed, so that everything is read again. */
  forget(): void {
    this.#db.run(`DELETE FROM head_bucket WHERE ${this.#ours}`);
  }

  /** Reads only buckets that changed since the last time. */
  summary(): ForestSummary {
    const rows = this.#db.all<Bucket & { bucket: number }>(
      `SELECT bucket, digest, accounts, credentials ${this.#kept}`,
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

  /** One transaction: otherwise each of 256 rows would wait for the disk. */
  #keep(buckets: ReadonlyMap<number, Bucket>): void {
    const sql =
      'INSERT OR REPLACE INTO head_bucket (connector, bucket, digest, accounts, credentials) VALUES (?, ?, ?, ?, ?)';
    this.#db.transaction(() => {
      for (const [number, { digest, accounts, credentials }] of buckets)
        for (const connector of this.#connectors)
          this.#db.run(sql, connector, number, digest, accounts, credentials);
    });
  }

  /**
   * Reads some of the buckets that changed since their lines were last read, so that the caller can yield to other work in between.
   *
   * @returns whether there are more
   */
  refreshLines(most: number): boolean {
    const { kept } = this.#db.get<{ kept: number }>(`SELECT count(*) AS kept FROM (SELECT 1 ${this.#kept})`)!;
    if (kept < BUCKETS) this.summary(); // a changed bucket has no row before
    const stale = this.#db.all<{ bucket: number }>(`SELECT bucket ${this.#kept} AND max(lines) IS NULL`);
    const now = stale.slice(0, most);
    if (now.length > 0)
      bestEffort(() =>
        this.#keepLines(new Map(now.map(({ bucket }) => [bucket, linesDigest(this.lines(bucket))]))),
      );
    return stale.length > now.length;
  }

  /** Computes a bucket again from its rows. @returns whether the kept one was wrong: it is then forgotten, and made again when needed */
  mendBucket(number: number): boolean {
    const kept = this.#db.get<Bucket & { lines: Uint8Array | null }>(
      `SELECT digest, accounts, credentials, lines ${this.#kept} AND bucket = ?`,
      number,
    );
    if (kept === undefined) return false;
    const { lines, ...bucket } = kept;
    const isRight =
      isDeepStrictEqual({ ...bucket }, summarizeBucket(this.entries(number))) &&
      (lines === null || isDeepStrictEqual(lines, linesDigest(this.lines(number))));
    if (!isRight) this.#db.run(`DELETE FROM head_bucket WHERE ${this.#ours} AND bucket = ?`, number);
    return !isRight;
  }

  /** The digests of all buckets' lines in order, as the tenant compares them. */
  lineDigests(): string {
    const known = new Map(this.#keptLines().map(({ bucket, lines }) => [bucket, lines]));
    const digests = Array.from(
      { length: BUCKETS },
      (_, number) => known.get(number) ?? linesDigest(this.lines(number)),
    );
    return packBuckets(digests);
  }

  #keptLines(): { bucket: number; lines: Uint8Array | null }[] {
    return this.#db.all<{ bucket: number; lines: Uint8Array | null }>(`SELECT bucket, lines ${this.#kept}`);
  }

  #keepLines(buckets: ReadonlyMap<number, Uint8Array>): void {
    const sql = `UPDATE head_bucket SET lines = ? WHERE ${this.#ours} AND bucket = ?`;
    this.#db.transaction(() => {
      for (const [number, digest] of buckets) this.#db.run(sql, digest, number);
    });
  }

  /** The lines of a bucket, in no order. */
  lines(bucket: number): OwnLine[] {
    return this.#db.all(`${this.#lines} AND o.bucket = ?`, bucket).map(toLine);
  }

  /** The line of one user; undefined if the tenant acknowledged nothing of them. */
  line(guid: string): OwnLine | undefined {
    const row = this.#db.get(`${this.#lines} AND o.guid = ?`, guid);
    return row && toLine(row);
  }

  /** The users of a bucket, sorted by the bytes of their anchors. */
  entries(bucket: number): Entry[] {
    return this.#db.all<Entry & Record<string, unknown>>(
      `SELECT o.anchor, o.exported_sequence AS accountSequence, coalesce(p.record_sequence, 0) AS credentialSequence
       FROM connector_space AS o LEFT JOIN password_state AS p ON p.connector = o.connector AND p.guid = o.guid
       WHERE o.${this.#ours} AND o.kind = 'user' AND o.bucket = ? AND o.exported_digest IS NOT NULL
         AND o.exported_sequence IS NOT NULL ORDER BY o.anchor`,
      bucket,
    );
  }
}

/** What the tenant acknowledged of one user, with the row's GUID. */
export interface OwnLine extends Line {
  guid: string;
}

/**
 * A credential record counts if one was sealed or a withdrawal replaced it. For a password without a record, the order says all that both
 * have.
 */
const LINES = `SELECT o.guid, o.anchor, o.exported_sequence, p.epoch, p.version, p.originating_time, p.originating_invocation_id,
    p.withdrawn IS NOT NULL AS withdrawn,
    CASE WHEN p.recipient_key_id IS NOT NULL OR p.withdrawn IS NOT NULL THEN coalesce(p.record_sequence, 0) ELSE 0 END AS credential
  FROM connector_space AS o LEFT JOIN password_state AS p ON p.connector = o.connector AND p.guid = o.guid
  WHERE o.kind = 'user' AND o.exported_digest IS NOT NULL AND o.exported_sequence IS NOT NULL`;

function toLine(row: Record<string, unknown>): OwnLine {
  return {
    guid: row.guid as string,
    anchor: row.anchor as string,
    accountSequence: row.exported_sequence as number,
    credentialSequence: row.credential as number,
    passwordOrder: toOrder(row),
    withdrawn: row.withdrawn === 1,
  };
}
