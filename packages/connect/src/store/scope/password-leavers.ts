import type { Database } from '../database.ts';
import { passwordsNumber, type Withdrawing, withdrawingNumber } from '../space-object.ts';

/** People who leave the scope of passwords, and of whom that is still to be decided. */
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

  /** Of those whom the tenant is to have, whose passwords are not sent. */
  countOut(): number {
    const sql = `SELECT count(*) AS n FROM connector_space WHERE connector = ? AND kind = 'user' AND desired_digest IS NOT NULL AND passwords > 0`;
    return this.#db.get<{ n: number }>(sql, this.#connector)!.n;
  }

  /** It was decided: from now on no password of the person is sent, and the one that was is taken away. */
  letGo(guid: string): void {
    this.#db.run(
      "UPDATE connector_space SET passwords = ?, withdrawing = 0 WHERE connector = ? AND kind = 'user' AND guid = ?",
      ...[passwordsNumber('withdrawn'), this.#connector, guid],
    );
  }
}
