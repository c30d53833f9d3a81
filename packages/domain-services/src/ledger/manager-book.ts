import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import { OF_PERSON, text } from './sql-row.ts';

/** A user's manager, to be checked. GUIDs are those of accounts in the managed domain. */
export interface DueManager extends Person {
  /** Null: there is no account to write to. */
  readonly account: string | null;
  /** The account of the manager whom the forest names; null if there is none here. */
  readonly manager: string | null;
  /** Whether the directory has that already, according to what was written. */
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

/** Which manager each user should have, as forests say it by anchors, and what of that is written. */
export class ManagerBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /**
   * @param manager an anchor of the same forest; null if there is none, and that is written to the account
   * @param made the account, if it was just made: it has no manager yet
   */
  want({ forest, anchor }: Person, manager: string | null, made: string | null = null): void {
    if (manager === null) this.#database.run(`DELETE FROM managers ${OF_PERSON}`, forest, anchor);
    else this.#database.run(WANT, forest, anchor, manager, made);
  }

  /** Up to `limit` managers that have to be checked, after this user. */
  due(limit: number, { forest, anchor }: Person = { forest: '', anchor: '' }): DueManager[] {
    return this.#database.all(DUE, forest, anchor, limit).map(row => ({
      forest: String(row.forest),
      anchor: String(row.anchor),
      account: text(row.account),
      manager: text(row.manager),
      isWritten: row.is_written === 1,
    }));
  }

  /** The directory has this manager. It stays due if the forest's word or an account changed meanwhile. */
  wrote({ forest, anchor, account, manager }: DueManager): void {
    this.#database.run(WROTE, forest, anchor, account, manager);
  }

  /** The directory may lack what was written. */
  nothingIsWritten(): void {
    this.#database.run('UPDATE managers SET account = NULL, written = NULL, due = 1');
  }
}
