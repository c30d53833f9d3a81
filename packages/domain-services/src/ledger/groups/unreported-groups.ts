import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';

/** A group whose state has to be reported to the tenant. */
export interface UnreportedGroup extends Person {
  /** Another id after each change. */
  id: number;
}

/** Groups that have changed since their last report to the tenant. Triggers add them. */
export class UnreportedGroups {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** The tenant shows the group again, so it may have lost the report. */
  add({ forest, anchor }: Person): void {
    const sql = 'INSERT OR REPLACE INTO unreported_groups (forest, anchor) VALUES (?, ?)';
    this.#database.run(sql, forest, anchor);
  }

  first(limit: number): UnreportedGroup[] {
    return this.#database.all('SELECT * FROM unreported_groups ORDER BY id LIMIT ?', limit).map(row => ({
      id: Number(row.id),
      forest: String(row.forest),
      anchor: String(row.anchor),
    }));
  }

  /** Drops what the tenant has acknowledged. What has changed meanwhile has another id. */
  drop(groups: readonly UnreportedGroup[]): void {
    for (const { id } of groups) this.#database.run('DELETE FROM unreported_groups WHERE id = ?', id);
  }

  /** Grows with each change to report; 0 if there is none. */
  newest(): number {
    return Number(this.#database.get('SELECT coalesce(max(id), 0) AS id FROM unreported_groups')!.id);
  }
}
