import type { AccountNames } from '../../configuration.ts';
import { type Database, literals } from '../database.ts';
import { namedByOf } from '../space-object.ts';

/** An object as another domain of the forest has it, or last had it. */
export interface Elsewhere {
  readonly sid: string | null;
  /** It exists and is to be synchronized. */
  readonly inScope: boolean;
}

/**
 * What the connectors of a forest's other domains know of the same objects. An object that moves to another domain keeps its objectGUID,
 * and so its anchor: to the tenant it stays one object. Of the connectors that have it in scope, the one it came to last exports it,
 * whichever connector notices the move first. INVARIANT: what the tenant acknowledged of an object is in one row of the forest.
 */
export class OtherDomains {
  readonly #db: Database;
  /** As literals; undefined if there are none. */
  readonly #connectors: string | undefined;

  constructor(db: Database, connectors: readonly string[]) {
    this.#db = db;
    this.#connectors = connectors.length > 0 ? literals(connectors) : undefined;
  }

  /** Whether there are other domains. */
  get any(): boolean {
    return this.#connectors !== undefined;
  }

  /** Condition on a row `o` that the tenant lacks: its connector is the one to export it. */
  isTeller(operation: 'upsert' | 'delete'): string {
    const later = operation === 'upsert' ? ' AND e.rowid > o.rowid' : '';
    return this.#unless(`e.desired_digest IS NOT NULL${later}`);
  }

  /** Condition on a row `o`: the tenant has the object from no other domain. */
  isNew(): string {
    return this.#unless('e.exported_digest IS NOT NULL AND e.exported_sequence IS NOT NULL');
  }

  /** As an SQL condition. */
  #unless(how: string): string {
    if (this.#connectors === undefined) return 'true';
    return `NOT EXISTS (SELECT 1 FROM connector_space AS e WHERE e.connector IN (${this.#connectors}) AND e.guid = o.guid AND ${how})`;
  }

  find(guid: string): Elsewhere[] {
    if (this.#connectors === undefined) return [];
    const sql = `SELECT attributes ->> '$.objectSid' AS sid, desired_digest IS NOT NULL AS in_scope FROM connector_space
      WHERE connector IN (${this.#connectors}) AND guid = ?`;
    return this.#db
      .all<{ sid: string | null; in_scope: number }>(sql, guid)
      .map(row => ({ sid: row.sid, inScope: row.in_scope === 1 }));
  }

  /** What names a user who waits for a new name in another domain; undefined if nobody waits. */
  namedBy(guid: string): AccountNames | undefined {
    if (this.#connectors === undefined) return undefined;
    const sql = `SELECT named_by FROM connector_space
      WHERE connector IN (${this.#connectors}) AND guid = ? AND new_name IS NOT NULL AND exported_digest IS NOT NULL`;
    const row = this.#db.get<{ named_by: number }>(sql, guid);
    return row && namedByOf(row.named_by);
  }

  /**
   * The tenant has the object as this connector exported it, so what it acknowledged to other connectors no longer holds.
   *
   * @returns those others, except those that had it only as a stranger
   */
  takeOver(guid: string): string[] {
    if (this.#connectors === undefined) return [];
    const theirs = `connector IN (${this.#connectors}) AND guid = ? AND exported_digest IS NOT NULL`;
    const former = this.#db.all<{ connector: string }>(
      `SELECT connector FROM connector_space WHERE ${theirs} AND exported_sequence IS NOT NULL`,
      guid,
    );
    const sql = `UPDATE connector_space SET exported_digest = NULL, exported_sequence = NULL, exported_at = NULL WHERE ${theirs}`;
    this.#db.run(sql, guid);
    return former.map(({ connector }) => connector);
  }
}
