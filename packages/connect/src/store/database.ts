import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { bucketOf } from '@causeway/records';
import { CausewayError, StateDatabase } from '@causeway/service';
import { MIGRATIONS } from './migrations.ts';

/** Of 4 KB. A batch of passwords touches pages all over the file: those that several touched are then written back once. */
const CHECKPOINT_PAGES = 4000;
/** A pass asks for everybody in no order: with SQLite's own 2 MB, each one's page is read from the file. */
const CACHE_KB = 8000;

type Row = Record<string, unknown>;

/**
 * Connect's one SQLite file. INVARIANT: nothing in it is a secret: identifiers, digests, times and plain reasons.
 * A commit is on the disk when it returns. A disk that is full or fails is told as such by every method.
 */
export class Database {
  readonly #db: StateDatabase;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or makes the file and brings its schema up to date. `:memory:` for tests. */
  constructor(path: string) {
    this.#db = new StateDatabase(path);
    this.#db.function('bucket_of', { deterministic: true }, anchor => bucketOf(String(anchor)));
    this.#db.exec('PRAGMA foreign_keys = ON');
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KB}`);
    this.#migrate();
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  get<T extends object = Row>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepare(sql).get(...values) as T | undefined;
  }

  all<T extends object = Row>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql).all(...values) as T[];
  }

  /** All of it or nothing. Inside another transaction it is part of that one. */
  transaction<T>(work: () => T): T {
    return this.#db.transaction(work);
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction;
  }

  /** How many migrations the schema has had. */
  get version(): number {
    return this.get<{ user_version: number }>('PRAGMA user_version')!.user_version;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** `user_version` counts the migrations that the file has had. */
  #migrate(): void {
    const { version } = this;
    if (version > MIGRATIONS.length) {
      this.close();
      throw new CausewayError(
        'state-too-new',
        `the state is of version ${version}, this program knows up to ${MIGRATIONS.length}: run the newer program again`,
      );
    }
    MIGRATIONS.slice(version).forEach((migration, i) => {
      this.transaction(() => {
        this.#db.exec(migration);
        this.#db.exec(`PRAGMA user_version = ${version + i + 1}`);
      });
    });
  }
}
