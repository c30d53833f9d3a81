import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import { OF_PERSON } from './sql-row.ts';

/** Accounts of earlier releases that still lack something new accounts are made with: a to-do list. */
export class DueAccounts {
  readonly #database: StateDatabase;
  readonly #table: 'own_changes_due' | 'marks_due';

  constructor(database: StateDatabase, table: 'own_changes_due' | 'marks_due') {
    this.#database = database;
    this.#table = table;
  }

  waiting(): number {
    return Number(this.#database.get(`SELECT count(*) AS n FROM ${this.#table}`)!.n);
  }

  /** The next account after this one, or the first. */
  after({ forest, anchor }: Person = { forest: '', anchor: '' }): Person | undefined {
    const sql = `SELECT forest, anchor FROM ${this.#table} WHERE (forest, anchor) > (?, ?)
      ORDER BY forest, anchor LIMIT 1`;
    const row = this.#database.get(sql, forest, anchor);
    return row && { forest: String(row.forest), anchor: String(row.anchor) };
  }

  done({ forest, anchor }: Person): void {
    this.#database.run(`DELETE FROM ${this.#table} ${OF_PERSON}`, forest, anchor);
  }
}
