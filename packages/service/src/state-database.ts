import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { onDisk } from './disk-error.ts';

/**
 * A SQLite file of a service's state. A commit is on the disk when it returns (WAL with synchronous=FULL). Every method, and those of
 * its statements, throw CausewayError 'disk-full' or 'disk-failed' when the disk is the reason; what was committed is safe then, and
 * the same object can go on when the disk can.
 */
export class StateDatabase extends DatabaseSync {
  readonly #path: string;
  #inTransaction = false;

  /** @param path `:memory:` for tests */
  constructor(path: string) {
    super(path, { open: false });
    this.#path = path;
    onDisk(path, () => this.open());
    this.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  }

  override exec(sql: string): void {
    onDisk(this.#path, () => super.exec(sql));
  }

  override prepare(...input: Parameters<DatabaseSync['prepare']>): StatementSync {
    const statement = onDisk(this.#path, () => super.prepare(...input));
    for (const name of ['run', 'get', 'all'] as const) {
      // biome-ignore lint/suspicious/noExplicitAny: three methods that differ in their result only
      const method: (...values: any[]) => any = statement[name].bind(statement);
      // biome-ignore lint/suspicious/noExplicitAny: as above
      statement[name] = (...values: any[]) => onDisk(this.#path, () => method(...values));
    }
    return statement;
  }

  /** All of it or nothing. Inside another transaction it is part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#inTransaction) return work();
    this.exec('BEGIN IMMEDIATE');
    this.#inTransaction = true;
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#undo();
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** A full disk makes SQLite end a transaction by itself; whatever goes wrong here, the error that led here is the one to tell. */
  #undo(): void {
    try {
      if (this.isTransaction) super.exec('ROLLBACK');
    } catch {}
  }
}
