import type { Database } from '../database.ts';
import type { ObjectKind, StoredAttributes } from '../space-object.ts';

/** What the managed domain should call the users and groups of a connector. */
export class AccountNamesInSpace {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** Users who keep a name until an administrator approves the new one, except those who are to leave. */
  waiting(): { anchor: string; name: string }[] {
    return this.#db.all<{ anchor: string; name: string }>(
      `SELECT anchor, new_name AS name FROM connector_space WHERE connector = ? AND kind = 'user' AND new_name IS NOT NULL
         AND leaving = 0 AND desired_digest IS NOT NULL AND exported_digest IS NOT NULL ORDER BY guid`,
      this.#connector,
    );
  }

  /** For everything that the tenant should have, the attributes that names are made of. */
  all(kind: ObjectKind): { guid: string; anchor: string; attributes: StoredAttributes }[] {
    const attribute = (name: string) => `'${name}', attributes -> '$.${name}'`;
    return this.#db
      .all<{ guid: string; anchor: string; names: string }>(
        `SELECT guid, anchor, json_object(${attribute('sAMAccountName')}, ${attribute('mailNickname')}) AS names
         FROM connector_space WHERE connector = ? AND kind = ? AND desired_digest IS NOT NULL`,
        ...[this.#connector, kind],
      )
      .map(({ names, ...whose }) => ({ ...whose, attributes: JSON.parse(names) as StoredAttributes }));
  }
}
