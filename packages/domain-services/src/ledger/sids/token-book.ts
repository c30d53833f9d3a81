import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import { text } from '../sql-row.ts';

/** A security group that is in the directory. */
export interface TokenGroup extends Person {
  managedGuid: string;
  /** Whoever is in it has its on-premises SID, too. */
  hasSid: boolean;
}

/** Where a page of members begins. */
export interface MemberPlace {
  key: string;
  reference: string;
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
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ managedGuid: String(row.managed_guid), hasSid: row.written !== null },
    }));
  }

  /** Members that a group has in the directory, by objectGUID, and where the next page begins; undefined: this was the last one. */
  members(
    { forest, anchor }: Person,
    limit: number,
    after: MemberPlace = { key: '', reference: '' },
  ): { guids: string[]; next: MemberPlace | undefined } {
    const sql = `SELECT key, reference, written FROM memberships
      WHERE forest = ? AND anchor = ? AND (key, reference) > (?, ?) ORDER BY key, reference LIMIT ?`;
    const rows = this.#database.all(sql, forest, anchor, after.key, after.reference, limit);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      guids: rows.flatMap(row => text(row.written) ?? []),
      next: last && { key: String(last.key), reference: String(last.reference) },
    };
  }
}
