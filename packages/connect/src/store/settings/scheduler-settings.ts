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

/** What an administrator set for all connectors. Anything not set has the original's value. */
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

  /** Seconds; undefined if not set. */
  get customizedInterval(): number | undefined {
    const value = this.#get('customized-interval');
    return value === undefined ? undefined : Number(value);
  }

  /** Seconds for which events are kept. */
  get purgeInterval(): number {
    return Number(this.#get('purge-interval') ?? WEEK_S);
  }

  /** An administrator's value, lower than the configuration's; undefined if not set. */
  get deletionThreshold(): number | undefined {
    const value = this.#get('deletion-threshold');
    return value === undefined ? undefined : Number(value);
  }

  /** Whether cycles run without a request. */
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
