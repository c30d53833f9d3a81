import { bitsOf, keyRange, MAX_PREFIX_LENGTH } from '@causeway/records';
import { ANEW } from '../comparing/marks.ts';
import type { Database } from '../database.ts';
import { nextAttemptAt } from '../retry-queue.ts';

/** A slice to sign and send, and its group. */
export interface PendingSlice {
  readonly group: number;
  readonly guid: string;
  readonly anchor: string;
  readonly prefix: string;
  /** Grows with each reason to sign it again. */
  readonly dirty: number;
}

/** The state of the slice that names a member. */
export interface CoveringSlice {
  /** The sequence that the tenant acknowledged; null if none. */
  readonly sequence: number | null;
  /** 1: it has to be signed again. */
  readonly pending: number;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly nextAt: number;
  readonly problem: string | null;
}

/** The tenant has the group's record, so slices may follow, and the group is to stay there. */
const READY = `o.kind = 'group' AND o.exported_digest IS NOT NULL AND o.exported_sequence IS NOT NULL
  AND o.desired_digest IS NOT NULL AND o.exported_digest NOT LIKE '${ANEW}%'`;
/** In this order, because few of a million slices have to be signed. */
const WITH_GROUP = `FROM slice AS s CROSS JOIN group_list AS g ON g.id = s.group_id
  CROSS JOIN connector_space AS o ON o.connector = g.connector AND o.guid = g.guid`;

/** Which slices the tenant acknowledged, and which have to be signed again. */
export class Slices {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** The tenant has nothing valid of the group's members: one slice has to name all of them. */
  reset(group: number): void {
    this.#db.run('DELETE FROM slice WHERE group_id = ?', group);
    this.#db.run("INSERT INTO slice (group_id, prefix, dirty) VALUES (?, '', 1)", group);
  }

  /** All slices of the group have to be signed again. */
  soilAll(group: number): void {
    this.#db.run('UPDATE slice SET dirty = dirty + 1 WHERE group_id = ? AND divided = 0', group);
  }

  /** The slices that name these members have to be signed again. This takes one look-up per slice, whatever the size of the group. */
  soil(group: number, keys: Iterable<string>): void {
    let end: string | undefined;
    for (const key of [...keys].sort()) {
      if (end !== undefined && key <= end) continue;
      // Slices do not overlap, so a key is covered by the largest prefix that is not larger than the key.
      const soiled = this.#db.get<{ prefix: string }>(
        `UPDATE slice SET dirty = dirty + 1 WHERE group_id = ?1 AND prefix = (SELECT prefix FROM slice
           WHERE group_id = ?1 AND prefix <= ?2 AND divided = 0 ORDER BY prefix DESC LIMIT 1) RETURNING prefix`,
        ...[group, bitsOf(key)],
      );
      if (soiled) [, end] = keyRange(soiled.prefix);
    }
  }

  /** The same for one member in all groups of all connectors: newer slices have to name an object that comes into scope. */
  soilReferences(references: readonly string[]): void {
    for (const reference of references) {
      const sql = 'SELECT group_id, key FROM membership WHERE reference = ?';
      for (const { group_id, key } of this.#db.all<{ group_id: number; key: string }>(sql, reference))
        this.soil(group_id, [key]);
    }
  }

  /** Another place has a slice that differs or that nobody acknowledged. It has to be signed again, or all slices if it is unknown. */
  sayAnew(group: number, prefix: string): void {
    const sql = 'UPDATE slice SET dirty = dirty + 1 WHERE group_id = ? AND prefix = ? AND divided = 0';
    if (this.#db.run(sql, group, prefix) === 0) this.soilAll(group);
  }

  /** In the order of groups and prefixes, without slices that wait for their next attempt. */
  pending(after: Pick<PendingSlice, 'group' | 'prefix'>, limit: number, now: number): PendingSlice[] {
    return this.#db.all<PendingSlice & Record<string, unknown>>(
      `SELECT s.group_id AS "group", g.guid, o.anchor, s.prefix, s.dirty ${WITH_GROUP}
       WHERE g.connector = ? AND ${READY} AND s.dirty > 0 AND s.next_at <= ? AND (s.group_id, s.prefix) > (?, ?)
       ORDER BY s.group_id, s.prefix LIMIT ?`,
      ...[this.#connector, now, after.group, after.prefix, limit],
    );
  }

  /** A slice grew too long: its parts are to be signed in its place. */
  divide({ group, prefix }: Pick<PendingSlice, 'group' | 'prefix'>, parts: Iterable<string>): void {
    this.#db.transaction(() => {
      const where = 'WHERE group_id = ? AND prefix = ?';
      const isNew = this.#db.run(`DELETE FROM slice ${where} AND sequence IS NULL`, group, prefix) > 0;
      if (!isNew) this.#db.run(`UPDATE slice SET divided = 1, dirty = 0 ${where}`, group, prefix);
      for (const part of parts)
        this.#db.run('INSERT INTO slice (group_id, prefix, dirty) VALUES (?, ?, 1)', group, part);
    });
  }

  /** The tenant has the slice. Members it no longer names are forgotten; a divided slice is forgotten once all its parts are there. */
  acknowledge(
    { group, prefix, dirty }: Pick<PendingSlice, 'group' | 'prefix' | 'dirty'>,
    sequence: number,
  ): void {
    this.#db.run(
      `UPDATE slice SET sequence = ?, dirty = CASE WHEN dirty = ? THEN 0 ELSE dirty END, attempts = 0, next_at = 0, problem = NULL
       WHERE group_id = ? AND prefix = ?`,
      ...[sequence, dirty, group, prefix],
    );
    const [from, to] = keyRange(prefix);
    this.#db.run(
      'DELETE FROM membership WHERE group_id = ? AND key BETWEEN ? AND ? AND listed = 0 AND by_primary = 0',
      ...[group, from, to],
    );
    for (let length = Math.min(prefix.length, MAX_PREFIX_LENGTH) - 1; length >= 0; length--)
      this.#db.run(
        `DELETE FROM slice AS s WHERE group_id = ? AND prefix = ? AND divided = 1 AND NOT EXISTS (
           SELECT 1 FROM slice AS part WHERE part.group_id = s.group_id AND part.divided = 0 AND part.prefix > s.prefix
             AND part.prefix < s.prefix || '2' AND coalesce(part.sequence, 0) < s.sequence)`,
        ...[group, prefix.slice(0, length)],
      );
  }

  /** The slice was not accepted and waits for its next attempt. @returns false if that was known */
  postpone(
    { group, prefix }: Pick<PendingSlice, 'group' | 'prefix'>,
    { quarantined, reason }: { quarantined: boolean; reason: string },
  ): boolean {
    const where = 'WHERE group_id = ? AND prefix = ?';
    const sql = `SELECT attempts, problem FROM slice ${where}`;
    const known = this.#db.get<{ attempts: number; problem: string | null }>(sql, group, prefix);
    const attempts = (known?.attempts ?? 0) + 1;
    this.#db.run(
      `UPDATE slice SET attempts = ?, next_at = ?, problem = ? ${where}`,
      ...[attempts, nextAttemptAt(attempts, quarantined, this.#db.clock.now()), reason, group, prefix],
    );
    return known?.problem !== reason;
  }

  /** Whether any slice's next attempt is due. */
  hasDue(): boolean {
    const sql = `SELECT 1 ${WITH_GROUP} WHERE g.connector = ? AND ${READY} AND s.dirty > 0 AND s.attempts > 0 AND s.next_at <= ? LIMIT 1`;
    return this.#db.get(sql, this.#connector, this.#db.clock.now()) !== undefined;
  }

  /** Slices to sign, of groups that the tenant should have, and how many of them it did not accept. */
  count(): { waiting: number; refused: number; problem: string | null } {
    return this.#db.get<{ waiting: number; refused: number; problem: string | null }>(
      `SELECT count(*) AS waiting, coalesce(sum(s.problem IS NOT NULL), 0) AS refused, min(s.problem) AS problem ${WITH_GROUP}
       WHERE g.connector = ? AND o.kind = 'group' AND o.desired_digest IS NOT NULL AND s.dirty > 0`,
      this.#connector,
    )!;
  }

  /** For one group: slices that the tenant has, slices to sign, and how many of those it did not accept. */
  countOf(group: number): { acknowledged: number; waiting: number; refused: number; problem: string | null } {
    return this.#db.get<{ acknowledged: number; waiting: number; refused: number; problem: string | null }>(
      `SELECT coalesce(sum(sequence IS NOT NULL), 0) AS acknowledged, coalesce(sum(dirty > 0), 0) AS waiting,
         coalesce(sum(dirty > 0 AND problem IS NOT NULL), 0) AS refused, min(problem) AS problem FROM slice WHERE group_id = ?`,
      group,
    )!;
  }

  /** The slice that names a member. */
  covering(group: number, key: string): CoveringSlice | undefined {
    return this.#db.get<CoveringSlice & Record<string, unknown>>(
      `SELECT sequence, dirty > 0 AS pending, attempts, next_at AS nextAt, problem FROM slice
       WHERE group_id = ? AND prefix <= ? AND divided = 0 ORDER BY prefix DESC LIMIT 1`,
      ...[group, bitsOf(key)],
    );
  }

  /** What the tenant acknowledged of a group, by prefix. */
  acknowledged(group: number): { prefix: string; sequence: number }[] {
    const sql =
      'SELECT prefix, sequence FROM slice WHERE group_id = ? AND sequence IS NOT NULL ORDER BY prefix';
    return this.#db.all(sql, group);
  }
}
