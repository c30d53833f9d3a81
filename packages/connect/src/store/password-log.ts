import type { PasswordLogEntry } from '@causeway/contract';
import type { Database } from './database.ts';

/** The original's words for the result of a user's password. */
export type PasswordStatus =
  | 'Success'
  | 'FilteredByTarget'
  | 'NoTargetConnection'
  | 'SourceConnectorNotPresent'
  | 'TargetNotExportedToDirectory'
  | 'MissingAttribute'
  | 'RetryRequestedByTarget'
  | 'Error'
  | 'Unknown';

/** The same time as in the original. */
const KEPT_MS = 7 * 86_400_000;
/** Entries checked in one go when old ones are removed. */
const SWEEP = 10_000;

/** The results for each user's password, attempt by attempt: words and times, never a password. */
export class PasswordLog {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  add(guid: string, status: PasswordStatus, detail: string | undefined, at: string): void {
    this.#db.run(
      'INSERT INTO password_log (connector, guid, at, status, detail) VALUES (?, ?, ?, ?, ?)',
      this.#connector,
      guid,
      at,
      status,
      detail ?? null,
    );
  }

  /** Newest first. This scans the log, which has one entry for each password of a week. */
  last(guid: string, count: number): PasswordLogEntry[] {
    return this.#db.all<PasswordLogEntry>(
      'SELECT at, status, detail FROM password_log WHERE connector = ? AND guid = ? ORDER BY id DESC LIMIT ?',
      this.#connector,
      guid,
      count,
    );
  }
}

/** Removes entries older than seven days, for every connector. The oldest have the lowest ids, so no index over times is needed. */
export function prunePasswordLog(db: Database): void {
  const before = new Date(db.clock.now() - KEPT_MS).toISOString();
  const sql = `DELETE FROM password_log WHERE at < ? AND id IN (SELECT id FROM password_log ORDER BY id LIMIT ${SWEEP})`;
  while (db.run(sql, before) === SWEEP);
}
