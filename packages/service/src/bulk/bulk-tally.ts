import type { StateDatabase } from '../state-database.ts';
import { BULK_WINDOW_MS, type BulkList } from './bulk-decision.ts';

const MINUTE_MS = 60_000;

const minuteOf = (time: Date): number => Math.floor(time.getTime() / MINUTE_MS);

/** The minute in which the window began, all of which counts. */
const windowStart = (now: Date): number => minuteOf(now) - BULK_WINDOW_MS / MINUTE_MS;

/** How many objects each forest had, and how many were carried out, by the minute. Limits are computed from this. */
export class BulkTally {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Records how many objects there are: the base of the limit for 24 hours. Written when it changes; within a minute, the largest. */
  noteObjects({ scope, kind }: Pick<BulkList, 'scope' | 'kind'>, objects: number, now: Date): void {
    if (this.lastObjects({ scope, kind }) === objects) return;
    const minute = minuteOf(now);
    this.#db.run(
      `INSERT INTO bulk_level (scope, kind, minute, most, last) VALUES (?1, ?2, ?3, ?4, ?4)
       ON CONFLICT DO UPDATE SET most = max(most, excluded.most), last = excluded.last`,
      ...[scope, kind, minute, objects],
    );
    // The newest entry from before the window is the number at its beginning.
    this.#db.run(
      `DELETE FROM bulk_level WHERE scope = ?1 AND kind = ?2 AND minute <
         (SELECT max(minute) FROM bulk_level WHERE scope = ?1 AND kind = ?2 AND minute < ?3)`,
      ...[scope, kind, windowStart(now)],
    );
  }

  /** How many were carried out without approval within the window. */
  went({ scope, operation, kind }: BulkList, now: Date): number {
    const sql = `SELECT coalesce(sum(objects), 0) AS n FROM bulk_went
      WHERE scope = ? AND operation = ? AND kind = ? AND minute >= ?`;
    return Number(this.#db.get(sql, scope, operation, kind, windowStart(now))!.n);
  }

  /** Records one that was carried out. */
  noteWent({ scope, operation, kind }: BulkList, now: Date): void {
    this.#db.run('DELETE FROM bulk_went WHERE minute < ?', windowStart(now));
    this.#db.run(
      `INSERT INTO bulk_went (scope, operation, kind, minute, objects) VALUES (?, ?, ?, ?, 1)
       ON CONFLICT DO UPDATE SET objects = objects + 1`,
      ...[scope, operation, kind, minuteOf(now)],
    );
  }

  /** Scopes in which anything was carried out within the window. */
  scopes(operation: BulkList['operation'], now: Date): string[] {
    const sql = 'SELECT DISTINCT scope FROM bulk_went WHERE operation = ? AND minute >= ?';
    return this.#db.all(sql, operation, windowStart(now)).map(({ scope }) => String(scope));
  }

  /** The last recorded number of objects. */
  lastObjects({ scope, kind }: Pick<BulkList, 'scope' | 'kind'>): number | undefined {
    const sql = 'SELECT last FROM bulk_level WHERE scope = ? AND kind = ? ORDER BY minute DESC LIMIT 1';
    const row = this.#db.get(sql, scope, kind);
    return row && Number(row.last);
  }

  /** The largest number of objects within the window. */
  most({ scope, kind }: Pick<BulkList, 'scope' | 'kind'>, now: Date): number {
    const sql = `SELECT max(n) AS n FROM (
      SELECT most AS n FROM bulk_level WHERE scope = ?1 AND kind = ?2 AND minute >= ?3
      UNION ALL SELECT * FROM (SELECT last FROM bulk_level WHERE scope = ?1 AND kind = ?2 AND minute < ?3
        ORDER BY minute DESC LIMIT 1))`;
    return Number(this.#db.get(sql, scope, kind, windowStart(now))!.n);
  }
}
