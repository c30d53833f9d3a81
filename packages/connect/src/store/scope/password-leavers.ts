import type { Database } from '../database.ts';
import { passwordsNumber, type Withdrawing, withdrawingNumber } from '../space-object.ts';

/** Users who leave the password scope and about whom a decision is pending. */
export class PasswordLeavers {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  list(by: Exclude<Withdrawing, 'no'>): { guid: string; anchor: string }[] {
    return this.#db.all<{ guid: string; anchor: string }>(
      `SELECT guid, anchor FROM connector_space WHERE connector = ? AND kind = 'user' AND withdrawing > 0 AND withdrawing = ?
         AND desired_digest IS NOT NULL AND exported_digest IS NOT NULL ORDER BY guid`,
      ...[this.#connector, withdrawingNumber(by)],
    );
  }

  /** How many users that the tenant should have are without passwords. */
  countOut(): number {
    const sql = `SELECT count(*) AS n FROM connector_space WHERE connector = ? AND kind = 'user' AND desired_digest IS NOT NULL AND passwords > 0`;
    return this.#db.get<{ n: number }>(sql, this.#connector)!.n;
  }

  /** The decision was made: no password of the user is sent from now on, and the sent one is withdrawn. */
  letGo(guid: string): void {
    this.#db.run(
      "UPDATE connector_space SET passwords = ?, withdrawing = 0 WHERE connector = ? AND kind = 'user' AND guid = ?",
      ...[passwordsNumber('withdrawn'), this.#connector, guid],
    );
  }
}
