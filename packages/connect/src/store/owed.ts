import type { Database } from './database.ts';

/** Users who are owed legacy credentials: only who and since when, never a hash. */
export class Owed {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  put(guid: string): void {
    this.#db.run('INSERT OR IGNORE INTO owed VALUES (?, ?, ?)', this.#connector, guid, this.#db.timestamp());
  }

  remove(guid: string): void {
    this.#db.run('DELETE FROM owed WHERE connector = ? AND guid = ?', this.#connector, guid);
  }

  since(guid: string): string | undefined {
    const sql = 'SELECT since FROM owed WHERE connector = ? AND guid = ?';
    return this.#db.get<{ since: string }>(sql, this.#connector, guid)?.since;
  }

  /** In the order of their GUIDs, after a given one, so that a pass meets each of them once. */
  list(after: string, limit: number): string[] {
    return this.#db
      .all<{ guid: string }>(
        'SELECT guid FROM owed WHERE connector = ? AND guid > ? ORDER BY guid LIMIT ?',
        this.#connector,
        after,
        limit,
      )
      .map(row => row.guid);
  }

  count(): number {
    return this.#db.get<{ n: number }>('SELECT count(*) AS n FROM owed WHERE connector = ?', this.#connector)!
      .n;
  }
}
