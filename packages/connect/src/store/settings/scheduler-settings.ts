import { randomUUID } from 'node:crypto';
import type { Database } from '../database.ts';

type Name =
  | 'instance-id'
  | 'sync-cycle-enabled'
  | 'scheduler-suspended'
  | 'maintenance-enabled'
  | 'customized-interval'
  | 'purge-interval'
  | 'deletion-threshold';

const WEEK_S = 7 * 86_400;

/** What an administrator set for all connectors together; what nobody set is as in the original. */
export class SchedulerSettings {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.run(`INSERT OR IGNORE INTO setting VALUES ('instance-id', ?)`, randomUUID());
  }

  get instanceId(): string {
    return this.#get('instance-id')!;
  }

  get syncCycleEnabled(): boolean {
    return this.#get('sync-cycle-enabled') !== 'false';
  }

  get suspended(): boolean {
    return this.#get('scheduler-suspended') === 'true';
  }

  get maintenanceEnabled(): boolean {
    return this.#get('maintenance-enabled') !== 'false';
  }

  /** Seconds; undefined when nobody set one. */
  get customizedInterval(): number | undefined {
    const value = this.#get('customized-interval');
    return value === undefined ? undefined : Number(value);
  }

  /** Seconds for which events are kept. */
  get purgeInterval(): number {
    return Number(this.#get('purge-interval') ?? WEEK_S);
  }

  /** Lower than the configuration's, where an administrator set one. */
  get deletionThreshold(): number | undefined {
    const value = this.#get('deletion-threshold');
    return value === undefined ? undefined : Number(value);
  }

  /** Whether cycles run without anybody asking. */
  get automatic(): boolean {
    return this.syncCycleEnabled && !this.suspended;
  }

  set(name: Exclude<Name, 'instance-id'>, value: boolean | number | null): void {
    if (value === null) this.#db.run('DELETE FROM setting WHERE name = ?', name);
    else this.#db.run('INSERT OR REPLACE INTO setting VALUES (?, ?)', name, String(value));
  }

  #get(name: Name): string | undefined {
    return this.#db.get<{ value: string }>('SELECT value FROM setting WHERE name = ?', name)?.value;
  }
}
