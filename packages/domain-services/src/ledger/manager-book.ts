import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import { OF_PERSON, text } from './sql-row.ts';

/** Somebody's manager as it is to be looked at. GUIDs are of accounts in the managed domain. */
export interface DueManager extends Person {
  /** Null: there is no account to write to. */
  readonly account: string | null;
  /** Of the account of whom the forest says; null: that one is not here. */
  readonly manager: string | null;
  /** Whether the directory has that already, by what was written. */
  readonly isWritten: boolean;
}

const WANT = `INSERT INTO managers (forest, anchor, wanted, account, due) VALUES (?, ?, ?, ?, 1)
  ON CONFLICT (forest, anchor) DO UPDATE SET due = due OR wanted IS NOT excluded.wanted, wanted = excluded.wanted,
    account = coalesce(excluded.account, account), written = iif(excluded.account IS NULL, written, NULL)`;
const DUE = `SELECT m.forest, m.anchor, a.managed_guid AS account, b.managed_guid AS manager,
    a.managed_guid IS m.account AND b.managed_guid IS m.written AS is_written
  FROM managers AS m INDEXED BY managers_due
    LEFT JOIN accounts AS a ON a.forest = m.forest AND a.anchor = m.anchor
    LEFT JOIN accounts AS b ON b.forest = m.forest AND b.anchor = m.wanted
  WHERE m.due = 1 AND (m.forest, m.anchor) > (?, ?) ORDER BY m.forest, m.anchor LIMIT ?`;

const WROTE = `UPDATE managers SET account = ?3, written = ?4,
    due = ?3 IS NOT (SELECT managed_guid FROM accounts AS a WHERE a.forest = ?1 AND a.anchor = ?2)
      OR ?4 IS NOT (SELECT managed_guid FROM accounts AS b WHERE b.forest = ?1 AND b.anchor = wanted)
  WHERE forest = ?1 AND anchor = ?2`;

/** Who is to be whose manager, as a forest says it by anchors, and what of that is written. */
export class ManagerBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /**
   * @param manager an anchor of the same forest; null: none, and the account has been written so
   * @param made the account, where it was just made: it has no manager yet
   */
  want({ forest, anchor }: Person, manager: string | null, made: string | null = null): void {
    if (manager === null) this.#database.run(`DELETE FROM managers ${OF_PERSON}`, forest, anchor);
    else this.#database.run(WANT, forest, anchor, manager, made);
  }

  /** So many that are to be looked at, after this person. */
  due(limit: number, { forest, anchor }: Person = { forest: '', anchor: '' }): DueManager[] {
    return this.#database.all(DUE, forest, anchor, limit).map(row => ({
      forest: String(row.forest),
      anchor: String(row.anchor),
      account: text(row.account),
      manager: text(row.manager),
      isWritten: row.is_written === 1,
    }));
  }

  /** The directory has it so. It stays due where the word of the forest or an account changed meanwhile. */
  wrote({ forest, anchor, account, manager }: DueManager): void {
    this.#database.run(WROTE, forest, anchor, account, manager);
  }

  /** The directory lacks what was written, perhaps. */
  nothingIsWritten(): void {
    this.#database.run('UPDATE managers SET account = NULL, written = NULL, due = 1');
  }
}
