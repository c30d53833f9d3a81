import type { Database } from '../database.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The waits between one time and the next. The last one repeats for ever. */
const WAITS_MS: readonly number[] = [MINUTE_MS, 5 * MINUTE_MS, 60 * MINUTE_MS, DAY_MS];
/** Entries are kept this long, so an object that agreed for a day after its daily turn starts over. */
const KEPT_MS = 2 * DAY_MS;

/** An object that differs in another place, and what is already in progress for it. */
export interface Differing {
  guid: string;
  /** The account is pending already. */
  accountPending: boolean;
  /** The password is in the retry queue already. */
  passwordPending: boolean;
  /**
   * now: within the budget. waits: it was sent again not long ago. alarm: it is in the daily step and no alarm named it today, whether it
   * may be sent now or not.
   */
  may: 'now' | 'waits';
  alarm: boolean;
}

/** The budget for objects that differ in another place: sent again at once, after 1, 5 and 60 minutes, then daily with an alarm. */
export class SaidAnew {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** One look-up for all that decides about a user whom the tenant acknowledged; undefined if it did not. */
  differing(anchor: string): Differing | undefined {
    const row = this.#db.get(
      `SELECT o.guid, o.exported_digest LIKE 'anew: %'
           OR (o.desired_digest IS NOT NULL AND o.desired_digest IS NOT o.exported_digest) AS account_pending,
         EXISTS (SELECT 1 FROM retry_queue AS r WHERE r.connector = o.connector AND r.guid = o.guid AND r.kind = 'password')
           AS password_pending,
         s.times, s.last_at, s.alarmed_at
       FROM connector_space AS o LEFT JOIN said_anew AS s ON s.connector = o.connector AND s.anchor = o.anchor
       WHERE o.connector = ? AND o.kind = 'user' AND o.anchor = ? AND o.exported_digest IS NOT NULL AND o.exported_sequence IS NOT NULL`,
      this.#connector,
      anchor,
    );
    if (row === undefined) return undefined;
    return {
      guid: row.guid as string,
      accountPending: row.account_pending === 1,
      passwordPending: row.password_pending === 1,
      ...this.#judge(row),
    };
  }

  /** The same for an object that is not in the connector space. */
  budget(anchor: string): Pick<Differing, 'may' | 'alarm'> {
    const sql = 'SELECT times, last_at, alarmed_at FROM said_anew WHERE connector = ? AND anchor = ?';
    return this.#judge(this.#db.get(sql, this.#connector, anchor) ?? {});
  }

  /** Whether it was sent again within two days. */
  isKnown(anchor: string): boolean {
    return (
      this.#db.get('SELECT 1 FROM said_anew WHERE connector = ? AND anchor = ?', this.#connector, anchor) !==
      undefined
    );
  }

  #judge(row: Record<string, unknown>): Pick<Differing, 'may' | 'alarm'> {
    const times = Number(row.times ?? 0);
    if (times === 0) return { may: 'now', alarm: false };
    const now = this.#db.clock.now();
    const wait = WAITS_MS[Math.min(times, WAITS_MS.length) - 1]!;
    const daily = times >= WAITS_MS.length;
    return {
      may: Math.abs(now - Number(row.last_at)) >= wait ? 'now' : 'waits',
      alarm: daily && (row.alarmed_at === null || Math.abs(now - Number(row.alarmed_at)) >= DAY_MS),
    };
  }

  note(anchor: string): void {
    this.#db.run(
      `INSERT INTO said_anew (connector, anchor, times, last_at) VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET times = times + 1, last_at = excluded.last_at`,
      this.#connector,
      anchor,
      this.#db.clock.now(),
    );
  }

  noteAlarm(anchor: string): void {
    const sql = 'UPDATE said_anew SET alarmed_at = ? WHERE connector = ? AND anchor = ?';
    this.#db.run(sql, this.#db.clock.now(), this.#connector, anchor);
  }

  /** Forgets objects that no place reports as different any more. */
  prune(): void {
    const sql = 'DELETE FROM said_anew WHERE connector = ? AND last_at < ?';
    this.#db.run(sql, this.#connector, this.#db.clock.now() - KEPT_MS);
  }

  /** Objects that were sent again within a day, and how many of them an alarm named. */
  lastDay(): { said: number; alarmed: number } {
    return this.#db.get<{ said: number; alarmed: number }>(
      `SELECT count(*) FILTER (WHERE last_at >= ?2) AS said, count(*) FILTER (WHERE alarmed_at >= ?2) AS alarmed
       FROM said_anew WHERE connector = ?1`,
      this.#connector,
      this.#db.clock.now() - DAY_MS,
    )!;
  }
}
