import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import { OF_PERSON, type Row } from './sql-row.ts';

/** How an account was closed by hand. `expired`: its expiry date was set earlier, perhaps still in the future. */
export type HandClosing = 'disabled' | 'deleted' | 'expired';

export interface ClosedByHand extends Person {
  what: HandClosing;
  /** ISO 8601: when it was first seen. */
  since: string;
}

/** Accounts that were closed by hand in the managed domain, and which of them an administrator has repaired. */
export class HandBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** @returns whether this is new */
  note({ forest, anchor }: Person, what: HandClosing, at: string): boolean {
    if (this.of({ forest, anchor })?.what === what) return false;
    this.#database.run(
      'INSERT OR REPLACE INTO closed_by_hand (forest, anchor, what, since) VALUES (?, ?, ?, ?)',
      ...[forest, anchor, what, at],
    );
    return true;
  }

  clear({ forest, anchor }: Person): void {
    this.#database.run(`DELETE FROM closed_by_hand ${OF_PERSON}`, forest, anchor);
  }

  of({ forest, anchor }: Person): ClosedByHand | undefined {
    const row = this.#database.get(`SELECT * FROM closed_by_hand ${OF_PERSON}`, forest, anchor);
    return row && closedOf(row);
  }

  /** The newest first. */
  list(limit: number): ClosedByHand[] {
    const sql = 'SELECT * FROM closed_by_hand ORDER BY since DESC, forest, anchor LIMIT ?';
    return this.#database.all(sql, limit).map(closedOf);
  }

  count(): number {
    return Number(this.#database.get('SELECT count(*) AS n FROM closed_by_hand')!.n);
  }

  repair({ forest, anchor }: Person): void {
    this.#database.run(`UPDATE closed_by_hand SET repair = 1 ${OF_PERSON}`, forest, anchor);
  }

  /** The repair failed; the administrator may request it again. */
  postpone({ forest, anchor }: Person): void {
    this.#database.run(`UPDATE closed_by_hand SET repair = 0 ${OF_PERSON}`, forest, anchor);
  }

  isRepairDue(): boolean {
    return this.#database.get('SELECT 1 FROM closed_by_hand WHERE repair = 1 LIMIT 1') !== undefined;
  }

  repairs(): ClosedByHand[] {
    return this.#database.all('SELECT * FROM closed_by_hand WHERE repair = 1').map(closedOf);
  }
}

const closedOf = (row: Row): ClosedByHand => ({
  forest: String(row.forest),
  anchor: String(row.anchor),
  what: row.what as HandClosing,
  since: String(row.since),
});
