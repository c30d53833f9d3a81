import type { StateDatabase } from '@causeway/service';

export interface AuditEntry {
  at: string;
  action: string;
  subject: string;
  detail: string;
}

/** What administrators did, and what needed one. */
export class AuditBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  add({ action, subject, detail }: Omit<AuditEntry, 'at'>): void {
    this.#database.run(
      'INSERT INTO audit (at, action, subject, detail) VALUES (?, ?, ?, ?)',
      ...[this.#database.timestamp(), action, subject, detail],
    );
  }

  list(limit = 50): AuditEntry[] {
    return this.#database
      .all('SELECT at, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?', limit)
      .map(row => ({
        at: String(row.at),
        action: String(row.action),
        subject: String(row.subject),
        detail: String(row.detail),
      }));
  }
}
