import type { UpToDateVector } from '@causeway/active-directory';
import type { Confirmations } from '../confirmations.ts';
import type { Cursors } from '../cursors.ts';
import type { Database } from '../database.ts';

/** A domain controller was found restored, and no administrator has accepted the restored forest yet. */
export interface Restore {
  /** ISO 8601. */
  since: string;
  server: string;
  reason: string;
  /** What was read of the forest before. A change that it covers is old, any other is news. */
  read: UpToDateVector;
  /** The same database went back, so its USNs repeat: it never again counts as having what was read. */
  wentBack: boolean;
  /** An alarm reported what waits. */
  told?: boolean;
}

/** What waits until an administrator accepts the restored forest. */
export type HeldKind =
  /** The domain controller has an older password than the tenant. */
  | 'password'
  /** The domain controller would open or create an account that was closed or deleted. */
  | 'opening';

const IS_HELD = `connector = ? AND kind = ? AND (kind = 'opening' OR EXISTS (
  SELECT 1 FROM connector_space AS o WHERE o.connector = h.connector AND o.guid = h.guid AND desired_digest IS NOT NULL))`;

/** Whether a forest was restored: its epoch, and what waits for an administrator's decision about the last restore. */
export class Restores {
  readonly #db: Database;
  readonly #connector: string;
  readonly #cursors: Cursors;
  readonly #confirmations: Confirmations;

  constructor(db: Database, connector: string, cursors: Cursors, confirmations: Confirmations) {
    this.#db = db;
    this.#connector = connector;
    this.#cursors = cursors;
    this.#confirmations = confirmations;
  }

  /** The epoch of the forest's present password orders; 0 if it was never restored. */
  get epoch(): number {
    return this.#confirmations.epoch(this.#connector);
  }

  /** INVARIANT: only an administrator can raise it, never the tenant, because it makes older passwords valid. */
  raise(epoch: number): void {
    this.#confirmations.setEpoch(this.#connector, Math.max(epoch, this.epoch + 1));
  }

  pending(): Restore | undefined {
    const stored = this.#cursors.get('restored');
    return stored === undefined ? undefined : (JSON.parse(stored) as Restore);
  }

  setPending(restore: Restore | undefined): void {
    this.#cursors.set('restored', restore && JSON.stringify(restore));
  }

  hold(kind: HeldKind, guid: string, name: string): void {
    const sql = 'INSERT OR REPLACE INTO restore_held (connector, kind, guid, name) VALUES (?, ?, ?, ?)';
    this.#db.run(sql, this.#connector, kind, guid, name);
  }

  release(kind: HeldKind, guid: string): void {
    const sql = 'DELETE FROM restore_held WHERE connector = ? AND kind = ? AND guid = ?';
    this.#db.run(sql, this.#connector, kind, guid);
  }

  releaseAll(kind: HeldKind): void {
    this.#db.run('DELETE FROM restore_held WHERE connector = ? AND kind = ?', this.#connector, kind);
  }

  /** Counts passwords only for users that the tenant should have. */
  count(kind: HeldKind): number {
    const sql = `SELECT count(*) AS n FROM restore_held AS h WHERE ${IS_HELD}`;
    return this.#db.get<{ n: number }>(sql, this.#connector, kind)!.n;
  }

  /** Sorted by name. */
  names(kind: HeldKind, limit: number): string[] {
    const sql = `SELECT name FROM restore_held AS h WHERE ${IS_HELD} ORDER BY name LIMIT ?`;
    return this.#db.all<{ name: string }>(sql, this.#connector, kind, limit).map(({ name }) => name);
  }
}
