import type { UpToDateVector } from '@causeway/active-directory';
import type { Confirmations } from '../confirmations.ts';
import type { Cursors } from '../cursors.ts';
import type { Database } from '../database.ts';

/** A domain controller was found restored, and an administrator has not said that the forest was. */
export interface Restore {
  /** ISO 8601. */
  since: string;
  server: string;
  reason: string;
  /** What was read of the forest before. What a domain controller says that is in it is old, what is not is news. */
  read: UpToDateVector;
  /** The same database went back, so its USNs come twice: it never has again what was read. */
  wentBack: boolean;
  /** An alarm said what waits. */
  told?: boolean;
}

/** What waits until an administrator says that the forest was restored. */
export type HeldKind =
  /** The domain controller has an older password than the tenant. */
  | 'password'
  /** The domain controller would open or make an account that was closed or deleted. */
  | 'opening';

const IS_HELD = `connector = ? AND kind = ? AND (kind = 'opening' OR EXISTS (
  SELECT 1 FROM connector_space AS o WHERE o.connector = h.connector AND o.guid = h.guid AND desired_digest IS NOT NULL))`;

/** Whether a forest was restored: how often, as its epoch, and what waits for the word on the last time. */
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

  /** Of the password orders of the forest as it is now; 0: it was never restored. */
  get epoch(): number {
    return this.#confirmations.epoch(this.#connector);
  }

  /** INVARIANT: only an administrator's word moves it, and never a word of the tenant: older passwords become valid by it. */
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

  /** Of passwords, those of people whom the tenant should have. */
  count(kind: HeldKind): number {
    const sql = `SELECT count(*) AS n FROM restore_held AS h WHERE ${IS_HELD}`;
    return this.#db.get<{ n: number }>(sql, this.#connector, kind)!.n;
  }

  /** In the order of their names. */
  names(kind: HeldKind, limit: number): string[] {
    const sql = `SELECT name FROM restore_held AS h WHERE ${IS_HELD} ORDER BY name LIMIT ?`;
    return this.#db.all<{ name: string }>(sql, this.#connector, kind, limit).map(({ name }) => name);
  }
}
