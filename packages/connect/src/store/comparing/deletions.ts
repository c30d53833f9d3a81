import { type Database, literals } from '../database.ts';

/** Who was deleted longer ago, and whom no other place has named since, is nobody whom anybody withholds. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** A deletion that the tenant acknowledged. */
export interface Deletion {
  sequence: number;
  /** Who it was, as people call them; null where nobody knew. */
  name: string | null;
}

/** Deletions that the tenant acknowledged: whoever is elsewhere after that was kept by somebody. */
export class Deletions {
  readonly #db: Database;
  readonly #connector: string;
  /** Of the forest's connectors, the last one of an object. */
  readonly #last: string;

  /** @param connectors of the forest, this one among them */
  constructor(db: Database, connector: string, connectors: readonly string[]) {
    this.#db = db;
    this.#connector = connector;
    this.#last = `FROM deletion WHERE connector IN (${literals(connectors)}) AND anchor = ? ORDER BY sequence DESC LIMIT 1`;
  }

  /** By whichever connector of the forest. */
  get(anchor: string): Deletion | undefined {
    return this.#db.get<Deletion & Record<string, unknown>>(`SELECT sequence, name ${this.#last}`, anchor);
  }

  /** Whether the tenant acknowledged it after that time. @param time in milliseconds since 1970 */
  wentAfter(anchor: string, time: number): boolean {
    const { at } = this.#db.get<{ at: number }>(`SELECT at ${this.#last}`, anchor) ?? { at: 0 };
    return at > time;
  }

  /** A name that was known once stays known. */
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
