import { type Database, literals } from '../database.ts';

/** Deletions are forgotten after this time: if no other place has named the object since, none withholds its deletion. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** A deletion that the tenant acknowledged. */
export interface Deletion {
  sequence: number;
  /** The name that people know it by; null if unknown. */
  name: string | null;
}

/** Deletions that the tenant acknowledged. An object that another place still has after that was kept by that place. */
export class Deletions {
  readonly #db: Database;
  readonly #connector: string;
  /** The last deletion of an object by any of the forest's connectors. */
  readonly #last: string;

  /** @param connectors of the forest, including this one */
  constructor(db: Database, connector: string, connectors: readonly string[]) {
    this.#db = db;
    this.#connector = connector;
    this.#last = `FROM deletion WHERE connector IN (${literals(connectors)}) AND anchor = ? ORDER BY sequence DESC LIMIT 1`;
  }

  /** Returns the deletion by any connector of the forest. */
  get(anchor: string): Deletion | undefined {
    return this.#db.get<Deletion & Record<string, unknown>>(`SELECT sequence, name ${this.#last}`, anchor);
  }

  /** Whether the tenant acknowledged a deletion after that time. @param time in milliseconds since 1970 */
  wentAfter(anchor: string, time: number): boolean {
    const { at } = this.#db.get<{ at: number }>(`SELECT at ${this.#last}`, anchor) ?? { at: 0 };
    return at > time;
  }

  /** Keeps a name that was known once. */
  note(anchor: string, { sequence, name }: Deletion): void {
    const now = this.#db.clock.now();
    this.#db.run('DELETE FROM deletion WHERE connector = ? AND at < ?', this.#connector, now - KEPT_MS);
    this.#db.run(
      `INSERT INTO deletion (connector, anchor, sequence, name, at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, name = coalesce(excluded.name, name), at = excluded.at`,
      ...[this.#connector, anchor, sequence, name, now],
    );
  }
}
