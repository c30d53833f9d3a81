import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import type { Row } from './sql-row.ts';

/** What an administrator of this machine accepted: exactly this object. */
export interface Acceptance {
  objectGuid: string;
  /** The name of the user when they were accepted. */
  name: string;
  /** ISO 8601. */
  at: string;
}

/** A user whom the tenant proposes as an administrator of the managed domain. An acceptance belongs to a proposal, and ends with it. */
export interface Proposal extends Person {
  /** When they became a member at the tenant. This is the tenant's claim, only compared with its next one. */
  addedAt: string;
  /** What the tenant calls them. Never relied on. */
  calledByTenant: string;
  /** ISO 8601: when the proposal was first seen here. */
  since: string;
  accepted: Acceptance | null;
}

/** The proposals of the tenant, and which of them are accepted. */
export class AdministratorBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  all(): Proposal[] {
    return this.#database.all('SELECT * FROM administrators ORDER BY forest, anchor').map(proposalOf);
  }

  get({ forest, anchor }: Person): Proposal | undefined {
    const sql = 'SELECT * FROM administrators WHERE forest = ? AND anchor = ?';
    const row = this.#database.get(sql, forest, anchor);
    return row && proposalOf(row);
  }

  save({ forest, anchor, addedAt, calledByTenant, since, accepted }: Proposal): void {
    this.#database.run(
      `INSERT OR REPLACE INTO administrators (forest, anchor, added_at, called_by_tenant, since, accepted_guid, accepted_name,
        accepted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[forest, anchor, addedAt, calledByTenant, since],
      ...[accepted?.objectGuid ?? null, accepted?.name ?? null, accepted?.at ?? null],
    );
  }

  drop({ forest, anchor }: Person): void {
    this.#database.run('DELETE FROM administrators WHERE forest = ? AND anchor = ?', forest, anchor);
  }
}

function proposalOf(row: Row): Proposal {
  const accepted =
    row.accepted_guid === null
      ? null
      : {
          objectGuid: String(row.accepted_guid),
          name: String(row.accepted_name),
          at: String(row.accepted_at),
        };
  return {
    forest: String(row.forest),
    anchor: String(row.anchor),
    addedAt: String(row.added_at),
    calledByTenant: String(row.called_by_tenant),
    since: String(row.since),
    accepted,
  };
}
