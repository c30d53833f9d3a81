import type { Database } from './database.ts';

export interface StoredReceipt {
  receipt: string;
  sequence: number;
  receivedAt: string;
}

/** The newest receipt of a forest, kept by its first connector. */
export class Receipts {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  last(): StoredReceipt | undefined {
    return this.#db.get<StoredReceipt & Record<string, unknown>>(
      'SELECT receipt, sequence, received_at AS receivedAt FROM receipt WHERE connector = ?',
      this.#connector,
    );
  }

  save({ receipt, sequence, receivedAt }: StoredReceipt): void {
    const sql = 'INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?)';
    this.#db.run(sql, this.#connector, receipt, sequence, receivedAt);
  }
}
