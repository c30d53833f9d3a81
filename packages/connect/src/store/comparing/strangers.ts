import type { Database } from '../database.ts';
import type { ObjectKind } from '../space-object.ts';

/** The limit, so that a place that invents users cannot fill the disk. */
const MOST = 10_000;
const HOUR_MS = 3_600_000;
/** An object that no place has named for so long is forgotten. */
const KEPT_MS = 24 * HOUR_MS;

/** Objects that another place has and the forest's connectors do not know, until its directories were asked. The first one keeps them. */
export class Strangers {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** Adds an object that another place has, unless the limit is reached. */
  note(anchor: string, kind: ObjectKind = 'user'): void {
    this.#db.run(
      `INSERT INTO stranger (connector, anchor, seen_at, next_at, kind)
       SELECT ?1, ?2, ?3, 0, ?4 WHERE (SELECT count(*) FROM stranger WHERE connector = ?1) < ${MOST}
         OR EXISTS (SELECT 1 FROM stranger WHERE connector = ?1 AND anchor = ?2)
       ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at`,
      ...[this.#connector, anchor, this.#db.clock.now(), kind],
    );
  }

  /** Objects to ask the directory for. */
  due(limit: number): { anchor: string; kind: ObjectKind }[] {
    const sql =
      'SELECT anchor, kind FROM stranger WHERE connector = ? AND next_at <= ? ORDER BY next_at, anchor LIMIT ?';
    return this.#db.all(sql, this.#connector, this.#db.clock.now(), limit);
  }

  /** The directory has it, so an import brings it or never will. The directory is asked again in an hour. */
  postpone(anchor: string): void {
    const sql = 'UPDATE stranger SET next_at = ? WHERE connector = ? AND anchor = ?';
    this.#db.run(sql, this.#db.clock.now() + HOUR_MS, this.#connector, anchor);
  }

  remove(anchor: string): void {
    this.#db.run('DELETE FROM stranger WHERE connector = ? AND anchor = ?', this.#connector, anchor);
  }

  prune(): void {
    const sql = 'DELETE FROM stranger WHERE connector = ? AND seen_at < ?';
    this.#db.run(sql, this.#connector, this.#db.clock.now() - KEPT_MS);
  }

  count(): number {
    const sql = 'SELECT count(*) AS n FROM stranger WHERE connector = ?';
    return this.#db.get<{ n: number }>(sql, this.#connector)!.n;
  }
}
