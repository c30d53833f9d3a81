import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import type { Row } from '../sql-row.ts';

/** A security group that is in the directory. */
export interface TokenGroup extends Person {
  managedGuid: string;
  /** Whoever is in it has its on-premises SID, too. */
  hasSid: boolean;
}

/** Who is in how many groups that bring an on-premises SID. */
export interface FullToken extends Person {
  groups: number;
}

/** What was counted last, as it is kept. */
export interface CountedTokens {
  /** In more groups than this. */
  above: number;
  /** ISO 8601. */
  at: string;
  count: number;
  /** The first of them. */
  people: FullToken[];
}

/** What the directory has of groups and members, as far as it makes tickets and sessions large. */
export class TokenBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Distribution groups are in no token, and neither is what they are in. */
  groups(): TokenGroup[] {
    const sql = `SELECT g.forest, g.anchor, g.managed_guid, s.written FROM groups AS g
      LEFT JOIN shadows AS s ON s.is_group = 1 AND s.forest = g.forest AND s.anchor = g.anchor
      WHERE g.managed_guid IS NOT NULL AND g.security_enabled = 1`;
    return this.#database.all(sql).map(row => ({
      ...personOf(row),
      ...{ managedGuid: String(row.managed_guid), hasSid: row.written !== null },
    }));
  }

  /** Which of these groups is a member of which group in the directory. */
  nested(): { group: Person; member: string }[] {
    const sql = `SELECT m.forest, m.anchor, m.written FROM groups AS g JOIN memberships AS m ON m.written = g.managed_guid
      WHERE g.managed_guid IS NOT NULL AND g.security_enabled = 1`;
    return this.#database.all(sql).map(row => ({ group: personOf(row), member: String(row.written) }));
  }

  /** In how many groups members are directly, in the order of their objectGUIDs, after this one. */
  members(after: string, limit: number): { guid: string; groups: number }[] {
    const sql = `SELECT written, count(*) AS n FROM memberships WHERE written > ? GROUP BY written ORDER BY written LIMIT ?`;
    const rows = this.#database.all(sql, after, limit);
    return rows.map(row => ({ guid: String(row.written), groups: Number(row.n) }));
  }

  /** The groups that somebody is in directly. */
  groupsOf(guid: string): Person[] {
    return this.#database.all('SELECT forest, anchor FROM memberships WHERE written = ?', guid).map(personOf);
  }
}

const personOf = (row: Row): Person => ({ forest: String(row.forest), anchor: String(row.anchor) });
