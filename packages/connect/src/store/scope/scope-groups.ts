import type { Database } from '../database.ts';

/** The groups of the scope, nested ones included, and their members. */
export class ScopeGroups {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** Their lists are read even if the tenant does not have them. @param guids of all of them */
  set(guids: readonly string[]): void {
    const known = this.#db.all<{ guid: string }>(
      'SELECT guid FROM scope_group WHERE connector = ? ORDER BY guid',
      this.#connector,
    );
    if (known.map(({ guid }) => guid).join() === guids.toSorted().join()) return;
    this.#db.run('DELETE FROM scope_group WHERE connector = ?', this.#connector);
    for (const guid of guids)
      this.#db.run('INSERT INTO scope_group (connector, guid) VALUES (?, ?)', this.#connector, guid);
  }

  /** The references of all members of a group. */
  members(group: number): string[] {
    const sql = 'SELECT reference FROM membership WHERE group_id = ? AND listed + by_primary > 0';
    return this.#db.all<{ reference: string }>(sql, group).map(({ reference }) => reference);
  }

  /** The GUIDs of this domain's groups nested in a group. */
  nested(group: number): string[] {
    return this.#db
      .all<{ guid: string }>(
        `SELECT o.guid FROM membership AS m CROSS JOIN connector_space AS o ON o.connector = ? AND o.anchor = m.reference
         WHERE m.group_id = ? AND m.listed = 1 AND o.kind = 'group'`,
        ...[this.#connector, group],
      )
      .map(({ guid }) => guid);
  }

  /** The anchors of users with this primary group, even one that gives no membership elsewhere, such as Domain Users. */
  withPrimaryGroup(rid: number): string[] {
    const sql = `SELECT anchor FROM connector_space WHERE connector = ? AND kind = 'user' AND deleted = 0
      AND attributes ->> '$.primaryGroupID' = ?`;
    return this.#db.all<{ anchor: string }>(sql, this.#connector, String(rid)).map(({ anchor }) => anchor);
  }
}
