import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import { OF_PERSON } from './sql-row.ts';

/** Accounts of before whose holders may still change the password in the managed domain. */
export class OwnChangeBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Accounts whose own changes of the password are not refused yet. */
  waiting(): number {
    return Number(this.#database.get('SELECT count(*) AS n FROM own_changes_due')!.n);
  }

  /** The next one of them after this one; the first one without. */
  after({ forest, anchor }: Person = { forest: '', anchor: '' }): Person | undefined {
    const sql = `SELECT forest, anchor FROM own_changes_due WHERE (forest, anchor) > (?, ?)
      ORDER BY forest, anchor LIMIT 1`;
    const row = this.#database.get(sql, forest, anchor);
    return row && { forest: String(row.forest), anchor: String(row.anchor) };
  }

  done({ forest, anchor }: Person): void {
    this.#database.run(`DELETE FROM own_changes_due ${OF_PERSON}`, forest, anchor);
  }
}
