import type { StateDatabase } from '@causeway/service';

/** A key that is trusted for one forest, or the tenant's own for `CLOUD_FOREST`. */
export interface TrustedAgent {
  keyId: string;
  forest: string;
  publicKey: string;
  fingerprint: string;
  trustedAt: string;
}

/** The keys that an administrator trusts. */
export class AgentBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  list(): TrustedAgent[] {
    return this.#database.all('SELECT * FROM trusted_agents ORDER BY trusted_at, forest').map(row => ({
      keyId: String(row.key_id),
      forest: String(row.forest),
      publicKey: String(row.public_key),
      fingerprint: String(row.fingerprint),
      trustedAt: String(row.trusted_at),
    }));
  }

  trust(agent: TrustedAgent): void {
    this.#database.run(
      `INSERT OR REPLACE INTO trusted_agents (key_id, forest, public_key, fingerprint, trusted_at)
        VALUES (?, ?, ?, ?, ?)`,
      ...[agent.keyId, agent.forest, agent.publicKey, agent.fingerprint, agent.trustedAt],
    );
  }

  untrust(agent: TrustedAgent): void {
    this.#database.run(
      'DELETE FROM trusted_agents WHERE key_id = ? AND forest = ?',
      agent.keyId,
      agent.forest,
    );
  }
}
