import type { Database } from './database.ts';

export type RetryKind = 'object' | 'password';

export interface RetryEntry {
  guid: string;
  kind: RetryKind;
  /** Not expected to recover by itself: retried seldom, and at every change of the object. */
  quarantined: boolean;
  code: string;
  /** For people to read, without a secret. */
  reason: string;
  attempts: number;
  since: string;
  /** Milliseconds since 1970. */
  nextAt: number;
}

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 5 * 60_000;
const FIRST_QUARANTINE_MS = 60_000;
const LAST_QUARANTINE_MS = 30 * 60_000;

/** When an entry with so many attempts is retried: the wait doubles, within limits. */
export function nextAttemptAt(attempts: number, quarantined: boolean, now: number): number {
  const [first, last] = quarantined
    ? [FIRST_QUARANTINE_MS, LAST_QUARANTINE_MS]
    : [FIRST_RETRY_MS, LAST_RETRY_MS];
  return now + Math.min(last, first * 2 ** Math.min(Math.max(attempts - 1, 0), 30));
}

const COLUMNS = 'guid, kind, quarantined, code, reason, attempts, since, next_at AS nextAt';

export class RetryQueue {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** Notes a failed attempt of a guid. */
  put(
    kind: RetryKind,
    guid: string,
    failure: { quarantined: boolean; code: string; reason: string },
  ): RetryEntry {
    const now = this.#db.clock.now();
    const attempts = (this.get(kind, guid)?.attempts ?? 0) + 1;
    const nextAt = nextAttemptAt(attempts, failure.quarantined, now);
    this.#db.run(
      `INSERT INTO retry_queue (connector, guid, kind, quarantined, code, reason, attempts, since, next_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET quarantined = excluded.quarantined, code = excluded.code,
         reason = excluded.reason, attempts = excluded.attempts, next_at = excluded.next_at`,
      this.#connector,
      guid,
      kind,
      Number(failure.quarantined),
      failure.code,
      failure.reason,
      attempts,
      new Date(now).toISOString(),
      nextAt,
    );
    return this.get(kind, guid)!;
  }

  /** Asks for a read at the next turn, without counting an attempt. */
  putDue(guid: string, code: string, reason: string): void {
    this.#db.run(
      `INSERT INTO retry_queue (connector, guid, kind, quarantined, code, reason, attempts, since, next_at)
       VALUES (?, ?, 'password', 0, ?, ?, 0, ?, 0)
       ON CONFLICT DO UPDATE SET quarantined = 0, code = excluded.code, reason = excluded.reason, next_at = 0`,
      this.#connector,
      guid,
      code,
      reason,
      this.#db.timestamp(),
    );
  }

  /** Postpones an entry during its attempt, so that a failure with another cause leaves it for the next turn. */
  postpone(kind: RetryKind, guid: string, now: number): void {
    this.#db.run(
      'UPDATE retry_queue SET next_at = ? WHERE connector = ? AND guid = ? AND kind = ?',
      now + FIRST_RETRY_MS,
      this.#connector,
      guid,
      kind,
    );
  }

  /** The cause of some entries' failure, of any connector, may be gone: they are retried in the next cycle. */
  hurryAll(code: string): void {
    this.#db.run('UPDATE retry_queue SET next_at = 0 WHERE code = ?', code);
  }

  /** The cause of one entry's failure is gone: it is retried in this cycle. */
  hurry(kind: RetryKind, guid: string): void {
    const sql = 'UPDATE retry_queue SET next_at = 0 WHERE connector = ? AND guid = ? AND kind = ?';
    this.#db.run(sql, this.#connector, guid, kind);
  }

  remove(kind: RetryKind, guid: string): boolean {
    const sql = 'DELETE FROM retry_queue WHERE connector = ? AND guid = ? AND kind = ?';
    return this.#db.run(sql, this.#connector, guid, kind) > 0;
  }

  /** Removes a completed entry. One that was requested again while in progress stays for its own turn. */
  settle(kind: RetryKind, guid: string): void {
    const sql = 'DELETE FROM retry_queue WHERE connector = ? AND guid = ? AND kind = ? AND next_at > 0';
    this.#db.run(sql, this.#connector, guid, kind);
  }

  /** Removes moot entries: objects with nothing left to export, passwords of forgotten users. */
  removeMoot(): void {
    this.#db.run(
      `DELETE FROM retry_queue AS r WHERE connector = ? AND NOT EXISTS (
         SELECT 1 FROM connector_space AS o WHERE o.connector = r.connector AND o.guid = r.guid
           AND (r.kind = 'password' OR o.desired_digest IS NOT o.exported_digest))`,
      this.#connector,
    );
  }

  get(kind: RetryKind, guid: string): RetryEntry | undefined {
    return entry(
      this.#db.get(
        `SELECT ${COLUMNS} FROM retry_queue WHERE connector = ? AND guid = ? AND kind = ?`,
        this.#connector,
        guid,
        kind,
      ),
    );
  }

  due(kind: RetryKind, limit: number, now: number = this.#db.clock.now()): RetryEntry[] {
    return this.#db
      .all(
        `SELECT ${COLUMNS} FROM retry_queue WHERE connector = ? AND kind = ? AND next_at <= ? ORDER BY next_at LIMIT ?`,
        this.#connector,
        kind,
        now,
        limit,
      )
      .map(row => entry(row)!);
  }

  hasDue(kind?: RetryKind): boolean {
    const sql =
      'SELECT 1 FROM retry_queue WHERE connector = ? AND next_at <= ? AND coalesce(? = kind, true) LIMIT 1';
    return this.#db.get(sql, this.#connector, this.#db.clock.now(), kind ?? null) !== undefined;
  }

  list(quarantined: boolean, limit: number): RetryEntry[] {
    return this.#db
      .all(
        `SELECT ${COLUMNS} FROM retry_queue WHERE connector = ? AND quarantined = ? ORDER BY since LIMIT ?`,
        this.#connector,
        Number(quarantined),
        limit,
      )
      .map(row => entry(row)!);
  }

  count(quarantined: boolean): number {
    return this.#db.get<{ n: number }>(
      'SELECT count(*) AS n FROM retry_queue WHERE connector = ? AND quarantined = ?',
      this.#connector,
      Number(quarantined),
    )!.n;
  }
}

function entry(row: object | undefined): RetryEntry | undefined {
  if (row === undefined) return undefined;
  return { ...(row as RetryEntry), quarantined: (row as { quarantined: number }).quarantined === 1 };
}
