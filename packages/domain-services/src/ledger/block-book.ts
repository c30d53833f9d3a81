import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import { type Row, text } from './sql-row.ts';

/** A user whom an administrator blocks in the managed domain. */
export interface Block extends Person {
  /** ISO 8601. */
  since: string;
  /** The reason that the administrator gave; null if none, or if the block was found on the account. */
  reason: string | null;
  /** The user of the machine who ran the command, if known. */
  by: string | null;
  /** The account in the directory matches this block, as far as is known. */
  applied: boolean;
}

/** A present or lifted block, and what was done about it. */
export interface KnownBlock extends Block {
  /** ISO 8601: when the block was lifted. The row stays, so that an old mark on the account is not believed. */
  liftedAt: string | null;
  /** Grows whenever the account may have to be written. */
  change: number;
}

/** Users whom administrators block, by forest and anchor. So a block outlives the account, and holds before there is one. */
export class BlockBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** The block of a user, if one holds. */
  of(person: Person): Block | undefined {
    const known = this.known(person);
    return known?.liftedAt === null ? known : undefined;
  }

  /** The same, or the last block that was lifted. */
  known({ forest, anchor }: Person): KnownBlock | undefined {
    const row = this.#database.get('SELECT * FROM blocks WHERE forest = ? AND anchor = ?', forest, anchor);
    return row && blockOf(row);
  }

  /** Blocks of this anchor that hold, in any forest. */
  ofAnchor(anchor: string): Block[] {
    return this.#holding('AND anchor = ? ORDER BY forest', anchor);
  }

  /** Blocks that hold, the newest first. */
  latest(limit: number): Block[] {
    return this.#holding('ORDER BY since DESC LIMIT ?', limit);
  }

  /** How many hold, and how many of these the directory does not have yet. */
  counts(): { count: number; waiting: number } {
    const sql = `SELECT count(*) AS n, count(*) FILTER (WHERE change <> applied) AS waiting
      FROM blocks WHERE lifted_at IS NULL`;
    const row = this.#database.get(sql)!;
    return { count: Number(row.n), waiting: Number(row.waiting) };
  }

  set({ forest, anchor, since, reason, by }: Omit<Block, 'applied'>): void {
    this.#database.run(
      `INSERT INTO blocks (forest, anchor, since, reason, set_by) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (forest, anchor) DO UPDATE SET since = excluded.since, reason = excluded.reason,
        set_by = excluded.set_by, lifted_at = NULL, change = change + 1`,
      ...[forest, anchor, since, reason, by],
    );
  }

  lift({ forest, anchor }: Person, at: string): void {
    // Never earlier than the block itself, whatever the clock says: from now on its mark counts as old.
    const sql = `UPDATE blocks SET lifted_at = max(?, since), change = change + 1 WHERE forest = ? AND anchor = ?`;
    this.#database.run(sql, at, forest, anchor);
  }

  /** The account of a user who is or was blocked was written, or may have been, so it has to be checked again. */
  touch({ forest, anchor }: Person): void {
    const sql = 'UPDATE blocks SET change = change + 1 WHERE forest = ? AND anchor = ?';
    this.#database.run(sql, forest, anchor);
  }

  touchAll(): void {
    this.#database.run('UPDATE blocks SET change = change + 1');
  }

  /** Users whose account may not match their block, or its end. */
  due(): KnownBlock[] {
    return this.#database.all('SELECT * FROM blocks WHERE change <> applied').map(blockOf);
  }

  /** The account matches `block`. What has changed since is still due. */
  done({ forest, anchor, change }: KnownBlock): void {
    const sql = 'UPDATE blocks SET applied = ? WHERE forest = ? AND anchor = ?';
    this.#database.run(sql, change, forest, anchor);
  }

  #holding(condition: string, value: string | number): Block[] {
    const sql = `SELECT * FROM blocks WHERE lifted_at IS NULL ${condition}`;
    return this.#database.all(sql, value).map(blockOf);
  }
}

function blockOf(row: Row): KnownBlock {
  return {
    forest: String(row.forest),
    anchor: String(row.anchor),
    since: String(row.since),
    reason: text(row.reason),
    by: text(row.set_by),
    applied: row.change === row.applied,
    liftedAt: text(row.lifted_at),
    change: Number(row.change),
  };
}
