import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import type { Row } from '../sql-row.ts';

/** A security group that is in the directory. */
export interface TokenGroup extends Person {
  managedGuid: string;
  /** Its members have its on-premises SID, too. */
  hasSid: boolean;
}

/** A user, and how many of their groups add an on-premises SID. */
export interface FullToken extends Person {
  groups: number;
}

/** The last count, as it is kept. */
export interface CountedTokens {
  /** Users in more groups than this. */
  above: number;
  /** ISO 8601. */
  at: string;
  count: number;
  /** The first of these users. */
  people: FullToken[];
}

/** The groups and memberships in the directory, as far as they make tickets and sessions large. */
export class TokenBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Without distribution groups: they are in no token, and neither are the groups above them. */
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

  /** In how many groups each member is directly, sorted by objectGUID, after this one. */
  members(after: string, limit: number): { guid: string; groups: number }[] {
    const sql = `SELECT written, count(*) AS n FROM memberships WHERE written > ? GROUP BY written ORDER BY written LIMIT ?`;
    const rows = this.#database.all(sql, after, limit);
    return rows.map(row => ({ guid: String(row.written), groups: Number(row.n) }));
  }

  /** The groups that contain an object directly. */
  groupsOf(guid: string): Person[] {
    return this.#database.all('SELECT forest, anchor FROM memberships WHERE written = ?', guid).map(personOf);
  }
}

const personOf = (row: Row): Person => ({ forest: String(row.forest), anchor: String(row.anchor) });
