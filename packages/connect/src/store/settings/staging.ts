import type { Database } from '../database.ts';

/** SQL condition: this Connect stages. */
export const STAGES = `EXISTS (SELECT 1 FROM setting WHERE name = 'staging-since')`;

/** Whether this Connect stages, as its tenant said last. Only the tenant decides; the stored value is for the next start. */
export class Staging {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** ISO 8601; undefined: this is the Connect that writes. */
  get since(): string | undefined {
    const sql = `SELECT value FROM setting WHERE name = 'staging-since'`;
    return this.#db.get<{ value: string }>(sql)?.value;
  }

  /** Earlier acknowledgements stay, but say nothing of what the other Connect sends. */
  begin(): void {
    this.#db.run(`INSERT OR IGNORE INTO setting VALUES ('staging-since', ?)`, this.#db.timestamp());
  }

  /**
   * From now on it writes. What was acknowledged before it staged is not what the tenant has now, so all of it is forgotten: everything is
   * signed again with this key, and every password is read. What the directory said stays.
   */
  end(): void {
    this.#db.transaction(() => {
      for (const statement of FORGETTING) this.#db.run(statement);
    });
  }
}

const CURSORS = [
  'replication-cookie',
  'last-object-cycle-at',
  'last-password-cycle-at',
  'password-cycle',
  'creations-counted',
  'creations-alarm',
  'compared',
  'comparison-pass-at',
  'lacking',
];

const FORGETTING = [
  'UPDATE connector_space SET exported_digest = NULL, exported_sequence = NULL, exported_at = NULL WHERE exported_digest IS NOT NULL OR exported_sequence IS NOT NULL',
  'UPDATE connector_space SET leaving = 0 WHERE leaving = 2',
  'DELETE FROM connector_space WHERE deleted = 1',
  'DELETE FROM slice',
  `INSERT INTO slice (group_id, prefix, dirty) SELECT id, '', 1 FROM group_list`,
  ...[
    ...['password_state', 'owed', 'retry_queue', 'said_anew', 'stranger', 'deletion', 'head_bucket'],
    ...['bulk_level', 'bulk_went', 'bulk_held', 'bulk_shown'],
  ].map(table => `DELETE FROM ${table}`),
  `DELETE FROM cursor WHERE name IN (${CURSORS.map(name => `'${name}'`).join(', ')})`,
  `DELETE FROM setting WHERE name = 'staging-since'`,
];
