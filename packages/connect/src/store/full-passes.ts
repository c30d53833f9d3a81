import type { Database } from './database.ts';

/** A forced full password synchronization of one connector. */
export interface FullPass {
  id: number;
  requestedAt: string;
  startedAt: string | null;
  /** When the last user was read and sent, or noted as owed. */
  readAt: string | null;
  /** When no user of it was owed any more. */
  completedAt: string | null;
  /** How many users it has sent so far. */
  users: number;
}

/** What happened to a request for a full pass. */
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
   * Merges a request into a pass that still reads. A pass that has read every user and waits for owed ones would read nobody again, so the
   * new pass replaces it.
   *
   * @param anew replaces even a pass that still reads, so that users it has read are sent once more
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

  /** The newest pass that still reads or still owes a user. */
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

  /** Starts to read, or starts again after a restart without sending again what it has sent. */
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

  /** Ends it and the passes that it replaced. */
  complete(id: number): void {
    this.#db.run(
      'UPDATE full_pass SET completed_at = ? WHERE connector = ? AND completed_at IS NULL AND id <= ?',
      this.#db.timestamp(),
      this.#connector,
      id,
    );
  }
}
