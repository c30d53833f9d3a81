import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { CausewayError } from './causeway-error.ts';
import { type Clock, realClock, timestamp } from './clock.ts';
import { onDisk } from './disk-error.ts';

type Row = Record<string, SQLOutputValue>;

/**
 * A SQLite file of a service's state. A commit is on the disk when it returns (WAL with synchronous=FULL). Every method, and those of its
 * statements, throw CausewayError 'disk-full' or 'disk-failed' if the disk is the reason. Committed data is safe then, and the same object
 * works again as soon as the disk does.
 */
export class StateDatabase extends DatabaseSync {
  /** Everything decided or stored here uses it. SQL gets the time as a parameter. */
  readonly clock: Clock;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();
  #inTransaction = false;

  /** @param path `:memory:` for tests */
  constructor(path: string, clock: Clock = realClock) {
    super(path, { open: false });
    this.clock = clock;
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

  /** Returns the number of changed rows. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  get<T extends object = Row>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepared(sql).get(...values) as T | undefined;
  }

  all<T extends object = Row>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepared(sql).all(...values) as T[];
  }

  now(): Date {
    return new Date(this.clock.now());
  }

  /** The current time in the stored form: ISO 8601, in UTC. */
  timestamp(): string {
    return timestamp(this.clock);
  }

  /** How many steps of `migrate` the file has had. */
  get version(): number {
    return this.get<{ user_version: number }>('PRAGMA user_version')!.user_version;
  }

  /**
   * Brings the schema up to date.
   * @param name what administrators call the file
   * @throws CausewayError '…-too-new' if a newer program has migrated it; the file is closed then
   */
  migrate(name: 'state' | 'ledger', steps: readonly string[]): void {
    const { version } = this;
    if (version > steps.length) {
      this.close();
      throw new CausewayError(
        `${name}-too-new`,
        `the ${name} is of version ${version}, this program knows up to ${steps.length}`,
      );
    }
    steps.slice(version).forEach((step, i) => {
      this.transaction(() => {
        this.exec(step);
        this.exec(`PRAGMA user_version = ${version + i + 1}`);
      });
    });
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

  override close(): void {
    if (this.isOpen) super.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** SQLite ends a transaction by itself on a full disk. If the rollback fails, the original error is the one to report. */
  #undo(): void {
    try {
      if (this.isTransaction) super.exec('ROLLBACK');
    } catch {}
  }
}
