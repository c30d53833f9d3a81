import type { Database } from './database.ts';

/** A forced full password sync of one connector. */
export interface FullPass {
  id: number;
  requestedAt: string;
  startedAt: string | null;
  /** When the last user was read and sent or noted as owed. */
  readAt: string | null;
  /** When nobody of it was owed any more. */
  completedAt: string | null;
  /** How many users it has sent so far. */
  users: number;
}

/** What became of a request for a full pass. */
export type PassRequest = 'begun' | 'merged';

const COLUMNS =
  'id, requested_at AS requestedAt, started_at AS startedAt, read_at AS readAt, completed_at AS completedAt, users';

export class FullPasses {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /**
   * A request during a pass that still reads is merged with it. One that has read everybody, and waits for those who are owed, would
   * read nobody again: the new pass takes its place.
   *
   * @param anew it takes the place of one that reads, too: whoever was read meanwhile is to be sent once more
   */
  request(anew: boolean = false): PassRequest {
    return this.#db.transaction(() => {
      const open = this.open();
      if (!anew && open && open.readAt === null) return 'merged';
      this.#db.run(
        'INSERT INTO full_pass (connector, requested_at) VALUES (?, ?)',
        this.#connector,
        this.#db.timestamp(),
      );
      return 'begun';
    });
  }

  /** The newest that is under way or still owes somebody. */
  open(): FullPass | undefined {
    return this.#db.get<FullPass & Record<string, unknown>>(
      `SELECT ${COLUMNS} FROM full_pass WHERE connector = ? AND completed_at IS NULL ORDER BY id DESC LIMIT 1`,
      this.#connector,
    );
  }

  last(): FullPass | undefined {
    return this.#db.get<FullPass & Record<string, unknown>>(
      `SELECT ${COLUMNS} FROM full_pass WHERE connector = ? ORDER BY id DESC LIMIT 1`,
      this.#connector,
    );
  }

  /** Begins to read, or begins again after a restart: whom it has sent before it need not send again. */
  start(id: number, users: number): void {
    this.#db.run(
      'UPDATE full_pass SET started_at = coalesce(started_at, ?), users = ? WHERE id = ?',
      this.#db.timestamp(),
      users,
      id,
    );
  }

  progress(id: number, users: number): void {
    this.#db.run('UPDATE full_pass SET users = users + ? WHERE id = ?', users, id);
  }

  read(id: number): void {
    this.#db.run('UPDATE full_pass SET read_at = ? WHERE id = ?', this.#db.timestamp(), id);
  }

  /** Ends it, and those whose place it took. */
  complete(id: number): void {
    this.#db.run(
      'UPDATE full_pass SET completed_at = ? WHERE connector = ? AND completed_at IS NULL AND id <= ?',
      this.#db.timestamp(),
      this.#connector,
      id,
    );
  }
}
