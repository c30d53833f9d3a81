import {
  type Bucket,
  bucketDigest,
  bucketOf,
  CLOUD_FOREST,
  type Entry,
  type ForestSummary,
  type GroupSummary,
  type Head,
  summarizeBucket,
  summarizeForest,
} from '@causeway/records';
import { bestEffort, type StateDatabase } from '@causeway/service';
import type { RefusalCode } from '../refusals.ts';
import type { BucketLook, Comparison, Ours } from './comparison.ts';
import type { Row } from './sql-row.ts';

type OfGroups = keyof GroupSummary;

/** The newest head of a forest, as it is kept. */
export interface KnownHead
  extends Pick<Head, 'forest' | 'sequence' | 'time' | 'accounts' | 'credentials' | 'buckets' | OfGroups> {
  /** By this machine's clock. */
  receivedAt: string;
  comparison: Comparison | undefined;
}

/** A record of a forest that came and was not written. */
export interface NotWritten {
  anchor: string;
  kind: 'account' | 'credential';
  code: string;
  sequence: number;
}

/** What the managed domain has of a user of whom an older record came. */
export interface Older extends Entry {
  /** True also while the deletion waits for an administrator. */
  deleted: boolean;
}

/** An account counts while it is in the directory, even if its deletion is pending or no record of it has come. */
const THERE = 'managed_guid IS NOT NULL AND deleted_at IS NULL';
const ENTRY = `anchor, coalesce(account_sequence, 0) AS account_sequence, CASE WHEN has_credential OR withdrawn THEN credential_sequence ELSE 0 END AS credential_sequence`;
/**
 * Refusals of records whose signature, anchor and sequence were believed. In all others the sequence is the tenant's claim: what it shows
 * in place of a withheld record must not pass for that record.
 */
const CAME: readonly (RefusalCode | 'failed')[] = [
  'other-recipient',
  'cannot-open',
  'older-password-order',
  'anchor-moved',
  'protected-name',
  'protected-sid',
  'invalid-name',
  'name-taken',
  'no-account',
  'growth-threshold',
  'deletion-threshold',
  'failed',
];
/** The primary key begins with the forest, too. If SQLite used it, it would compute the bucket of every user in the forest. */
const OF_BUCKET = 'FROM accounts INDEXED BY accounts_bucket WHERE forest = ? AND bucket_of(anchor) = ?';
const LOOK = `SELECT ${ENTRY}, ${THERE} AS is_there, delete_sequence IS NOT NULL AS is_leaving,
  max(coalesce(account_sequence, 0), coalesce(credential_sequence, 0), coalesce(delete_sequence, 0)) AS newest ${OF_BUCKET}`;
const PROBLEMS = `FROM problems WHERE forest = ?1 AND kind IN ('account', 'credential')`;

/** What the ledger keeps of heads, and the accounts as heads describe them: by forest and bucket. */
export class HeadBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  head(forest: string): KnownHead | undefined {
    const row = this.#database.get('SELECT * FROM heads WHERE forest = ?', forest);
    if (row === undefined) return undefined;
    return {
      forest,
      sequence: Number(row.sequence),
      time: String(row.time),
      accounts: Number(row.accounts),
      credentials: Number(row.credentials),
      buckets: String(row.buckets),
      receivedAt: String(row.received_at),
      comparison: row.comparison === null ? undefined : JSON.parse(String(row.comparison)),
      ...(row.groups !== null && (JSON.parse(String(row.groups)) as GroupSummary)),
    };
  }

  comparison(forest: string): Comparison | undefined {
    return this.head(forest)?.comparison;
  }

  /** Whether a head of the forest was ever compared. */
  isCompared(forest: string): boolean {
    const sql = 'SELECT 1 FROM heads WHERE forest = ? AND comparison IS NOT NULL';
    return this.#database.get(sql, forest) !== undefined;
  }

  /** Replaces the previous head by a newer one. */
  saveHead(head: Omit<KnownHead, 'comparison'>): void {
    this.noteBelieved(head.forest, head.sequence);
    this.#database.run(
      `INSERT INTO heads (forest, sequence, time, accounts, credentials, buckets, received_at, groups)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (forest) DO UPDATE SET sequence = excluded.sequence, time = excluded.time,
        accounts = excluded.accounts, credentials = excluded.credentials, buckets = excluded.buckets,
        received_at = excluded.received_at, groups = excluded.groups`,
      ...[head.forest, head.sequence, head.time, head.accounts, head.credentials, head.buckets],
      ...[head.receivedAt, groupsOf(head)],
    );
  }

  /** The largest sequence of a forest that was ever believed; 0 if none was. */
  newest(forest: string): number {
    const row = this.#database.get('SELECT sequence FROM newest WHERE forest = ?', forest);
    return Number(row?.sequence ?? 0);
  }

  /** A record with this sequence was believed, whatever becomes of it. */
  noteBelieved(forest: string, sequence: number): void {
    this.#database.run(
      'INSERT INTO newest VALUES (?, ?) ON CONFLICT (forest) DO UPDATE SET sequence = max(sequence, excluded.sequence)',
      forest,
      sequence,
    );
  }

  saveComparison(forest: string, comparison: Comparison): void {
    this.#database.run(
      'UPDATE heads SET comparison = ? WHERE forest = ?',
      JSON.stringify(comparison),
      forest,
    );
  }

  /** The comparisons no longer hold. The next heads are compared as if they were the first. */
  forgetComparisons(): void {
    this.#database.run('UPDATE heads SET comparison = NULL, group_comparison = NULL');
  }

  /** What the managed domain has of a forest. Reads only the buckets that changed since the last time. */
  summary(forest: string): ForestSummary {
    const known = new Map<number, Bucket>();
    for (const row of this.#database.all('SELECT * FROM forest_bucket WHERE forest = ?', forest)) {
      const { digest, accounts, credentials } = row;
      known.set(Number(row.bucket), {
        digest: digest as Uint8Array,
        accounts: Number(accounts),
        credentials: Number(credentials),
      });
    }
    const fresh = new Map<number, Bucket>();
    const summary = summarizeForest(number => {
      const bucket = known.get(number) ?? summarizeBucket(this.entries(forest, number));
      if (!known.has(number)) fresh.set(number, bucket);
      return bucket;
    });
    if (fresh.size > 0) bestEffort(() => this.#keep(forest, fresh));
    return summary;
  }

  /** In one transaction: otherwise each of up to 256 rows would wait for the disk. */
  #keep(forest: string, buckets: ReadonlyMap<number, Bucket>): void {
    const sql = 'INSERT INTO forest_bucket VALUES (?, ?, ?, ?, ?)';
    this.#database.transaction(() => {
      for (const [number, { digest, accounts, credentials }] of buckets)
        this.#database.run(sql, forest, number, digest, accounts, credentials);
    });
  }

  /** The users of a bucket, sorted by the bytes of their anchors. */
  entries(forest: string, bucket: number): Entry[] {
    const sql = `SELECT ${ENTRY} ${OF_BUCKET} AND ${THERE} ORDER BY anchor`;
    return this.#database.all(sql, forest, bucket).map(entryOf);
  }

  /** What a head of the forest is compared with. The closer look also counts what came and was not written. */
  ours(forest: string): Ours {
    let came: Map<number, NotWritten[]> | undefined;
    const look = (bucket: number): BucketLook => {
      came ??= Map.groupBy(this.#came(forest), ({ anchor }) => bucketOf(anchor));
      return this.#look(forest, bucket, came.get(bucket) ?? []);
    };
    return { buckets: this.summary(forest).buckets, look };
  }

  #came(forest: string): NotWritten[] {
    const sql = `SELECT anchor, kind, code, sequence ${PROBLEMS} AND code IN (${CAME.map(code => `'${code}'`).join()})`;
    return this.#database.all(sql, forest).map(notWrittenOf);
  }

  #look(forest: string, bucket: number, came: readonly NotWritten[]): BucketLook {
    const rows = this.#database.all(LOOK, forest, bucket);
    const there = rows.filter(row => row.is_there === 1).map(entryOf);
    const entries = new Map(there.map(entry => [entry.anchor, entry]));
    for (const { anchor, kind, sequence } of came) {
      const entry = entries.get(anchor) ?? { anchor, accountSequence: 0, credentialSequence: 0 };
      const field = kind === 'account' ? 'accountSequence' : 'credentialSequence';
      entries.set(anchor, { ...entry, [field]: Math.max(entry[field], sequence) });
    }
    for (const row of rows) if (row.is_leaving === 1) entries.delete(String(row.anchor));
    const asReceived = [...entries.values()].filter(({ accountSequence }) => accountSequence > 0);
    asReceived.sort((a, b) => Buffer.compare(Buffer.from(a.anchor), Buffer.from(b.anchor)));
    return {
      newest: Math.max(0, ...rows.map(({ newest }) => Number(newest))),
      asReceived: bucketDigest(asReceived),
    };
  }

  /**
   * Cloud-only users of whom the tenant showed a record that was refused as older, sorted by id.
   * @param after the last user of the previous call; '' for the first
   */
  refusedAsOlder(after: string, limit: number): Older[] {
    const sql = `SELECT DISTINCT ${ENTRY}, delete_sequence, deleted_at FROM problems JOIN accounts USING (forest, anchor)
      WHERE forest = ?1 AND anchor > ?2 AND code = ?3 AND verified = 1 AND object_guid = anchor ORDER BY anchor LIMIT ?4`;
    const code: RefusalCode = 'older-sequence';
    return this.#database.all(sql, CLOUD_FOREST, after, code, limit).map(row => {
      const entry = entryOf(row);
      const waits = row.delete_sequence !== null;
      const accountSequence = waits ? Number(row.delete_sequence) : entry.accountSequence;
      return { ...entry, accountSequence, deleted: waits || row.deleted_at !== null };
    });
  }

  /** Records that were believed come first, because the tenant can make up any number of others. */
  notWritten(forest: string, limit: number): NotWritten[] {
    const sql = `SELECT anchor, kind, code, sequence ${PROBLEMS} AND verified = ?2 ORDER BY anchor, kind LIMIT ?3`;
    const verified = this.#database.all(sql, forest, 1, limit);
    const others = this.#database.all(sql, forest, 0, limit - verified.length);
    return [...verified, ...others].map(notWrittenOf);
  }
}

function entryOf(row: Row): Entry {
  return {
    anchor: String(row.anchor),
    accountSequence: Number(row.account_sequence),
    credentialSequence: Number(row.credential_sequence),
  };
}

function notWrittenOf(row: Row): NotWritten {
  return {
    anchor: String(row.anchor),
    kind: row.kind as NotWritten['kind'],
    code: String(row.code),
    sequence: Number(row.sequence),
  };
}

/** What a head says about groups, as JSON; null if it says nothing about them. */
function groupsOf({ groups, slices, groupBuckets }: Pick<Head, OfGroups>): string | null {
  return groups === undefined ? null : JSON.stringify({ groups, slices, groupBuckets });
}
