import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';

/** A group of which the tenant is to be told what became of it. */
export interface UnreportedGroup extends Person {
  /** Another one once something changes. */
  id: number;
}

/** Groups of which something has changed since the tenant was told; triggers put them down. */
export class UnreportedGroups {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** The tenant shows it (again): it may have lost what it was told. */
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

  /** Forgets what the tenant has acknowledged; whatever changed meanwhile has another id. */
  drop(groups: readonly UnreportedGroup[]): void {
    for (const { id } of groups) this.#database.run('DELETE FROM unreported_groups WHERE id = ?', id);
  }

  /** Grows with whatever is to be told; 0: nothing is. */
  newest(): number {
    return Number(this.#database.get('SELECT coalesce(max(id), 0) AS id FROM unreported_groups')!.id);
  }
}
