import { bitsOf, keyRange, MAX_PREFIX_LENGTH } from '@causeway/records';
import { ANEW } from '../comparing/marks.ts';
import type { Database } from '../database.ts';
import { nextAttemptAt } from '../retry-queue.ts';

/** A slice that is to be signed and sent, with the group that it is of. */
export interface PendingSlice {
  readonly group: number;
  readonly guid: string;
  readonly anchor: string;
  readonly prefix: string;
  /** Counts up with each reason to sign it anew. */
  readonly dirty: number;
}

/** How it stands with the slice that tells of a member. */
export interface CoveringSlice {
  /** Of what the tenant acknowledged; null: nothing. */
  readonly sequence: number | null;
  /** 1: it is to be signed anew. */
  readonly pending: number;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly nextAt: number;
  readonly problem: string | null;
}

/** The group's record is in the tenant, so that its slices may follow, and it is to stay there. */
const READY = `o.kind = 'group' AND o.exported_digest IS NOT NULL AND o.exported_sequence IS NOT NULL
  AND o.desired_digest IS NOT NULL AND o.exported_digest NOT LIKE '${ANEW}%'`;
/** In this order: of a million slices few are to be signed. */
const WITH_GROUP = `FROM slice AS s CROSS JOIN group_list AS g ON g.id = s.group_id
  CROSS JOIN connector_space AS o ON o.connector = g.connector AND o.guid = g.guid`;

/** Which slices the tenant acknowledged, and which are to be signed anew. */
export class Slices {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** The tenant has nothing of the group's members, or nothing that counts: one slice is to tell of everybody. */
  reset(group: number): void {
    this.#db.run('DELETE FROM slice WHERE group_id = ?', group);
    this.#db.run("INSERT INTO slice (group_id, prefix, dirty) VALUES (?, '', 1)", group);
  }

  /** All that tells of the group's members is to be signed anew. */
  soilAll(group: number): void {
    this.#db.run('UPDATE slice SET dirty = dirty + 1 WHERE group_id = ? AND divided = 0', group);
  }

  /** The slices that tell of these members are to be signed anew: one look for each of them, whatever the size of the group. */
  soil(group: number, keys: Iterable<string>): void {
    let end: string | undefined;
    for (const key of [...keys].sort()) {
      if (end !== undefined && key <= end) continue;
      // Without overlap, the one that covers a key is the largest prefix that is not larger than the key.
      const soiled = this.#db.get<{ prefix: string }>(
        `UPDATE slice SET dirty = dirty + 1 WHERE group_id = ?1 AND prefix = (SELECT prefix FROM slice
           WHERE group_id = ?1 AND prefix <= ?2 AND divided = 0 ORDER BY prefix DESC LIMIT 1) RETURNING prefix`,
        ...[group, bitsOf(key)],
      );
      if (soiled) [, end] = keyRange(soiled.prefix);
    }
  }

  /** The same for one member in all groups of all connectors: whoever comes (again) into scope has to be told of by newer slices. */
  soilReferences(references: readonly string[]): void {
    for (const reference of references) {
      const sql = 'SELECT group_id, key FROM membership WHERE reference = ?';
      for (const { group_id, key } of this.#db.all<{ group_id: number; key: string }>(sql, reference))
        this.soil(group_id, [key]);
    }
  }

  /** Another place has a slice otherwise than it was acknowledged, or one that nobody acknowledged: that is to be signed anew, or all are. */
  sayAnew(group: number, prefix: string): void {
    const sql = 'UPDATE slice SET dirty = dirty + 1 WHERE group_id = ? AND prefix = ? AND divided = 0';
    if (this.#db.run(sql, group, prefix) === 0) this.soilAll(group);
  }

  /** In the order of groups and prefixes, less what waits for its next try. */
  pending(after: Pick<PendingSlice, 'group' | 'prefix'>, limit: number, now: number): PendingSlice[] {
    return this.#db.all<PendingSlice & Record<string, unknown>>(
      `SELECT s.group_id AS "group", g.guid, o.anchor, s.prefix, s.dirty ${WITH_GROUP}
       WHERE g.connector = ? AND ${READY} AND s.dirty > 0 AND s.next_at <= ? AND (s.group_id, s.prefix) > (?, ?)
       ORDER BY s.group_id, s.prefix LIMIT ?`,
      ...[this.#connector, now, after.group, after.prefix, limit],
    );
  }

  /** A slice has become too long: its parts are to be signed in its place. */
  divide({ group, prefix }: Pick<PendingSlice, 'group' | 'prefix'>, parts: Iterable<string>): void {
    this.#db.transaction(() => {
      const where = 'WHERE group_id = ? AND prefix = ?';
      const isNew = this.#db.run(`DELETE FROM slice ${where} AND sequence IS NULL`, group, prefix) > 0;
      if (!isNew) this.#db.run(`UPDATE slice SET divided = 1, dirty = 0 ${where}`, group, prefix);
      for (const part of parts)
        this.#db.run('INSERT INTO slice (group_id, prefix, dirty) VALUES (?, ?, 1)', group, part);
    });
  }

  /** The tenant has it. What it does not name any more is forgotten, and so is what was divided, once all parts are there. */
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

  /** It was not taken: it waits for its next try. @returns false where that was known */
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

  /** Whether the next try of any is due. */
  hasDue(): boolean {
    const sql = `SELECT 1 ${WITH_GROUP} WHERE g.connector = ? AND ${READY} AND s.dirty > 0 AND s.attempts > 0 AND s.next_at <= ? LIMIT 1`;
    return this.#db.get(sql, this.#connector, this.#db.clock.now()) !== undefined;
  }

  /** Slices that are to be signed, of groups that the tenant should have; and those of them that it did not take. */
  count(): { waiting: number; refused: number; problem: string | null } {
    return this.#db.get<{ waiting: number; refused: number; problem: string | null }>(
      `SELECT count(*) AS waiting, coalesce(sum(s.problem IS NOT NULL), 0) AS refused, min(s.problem) AS problem ${WITH_GROUP}
       WHERE g.connector = ? AND o.kind = 'group' AND o.desired_digest IS NOT NULL AND s.dirty > 0`,
      this.#connector,
    )!;
  }

  /** Those of one group: that the tenant has, that are to be signed, and those of them that it did not take. */
  countOf(group: number): { acknowledged: number; waiting: number; refused: number; problem: string | null } {
    return this.#db.get<{ acknowledged: number; waiting: number; refused: number; problem: string | null }>(
      `SELECT coalesce(sum(sequence IS NOT NULL), 0) AS acknowledged, coalesce(sum(dirty > 0), 0) AS waiting,
         coalesce(sum(dirty > 0 AND problem IS NOT NULL), 0) AS refused, min(problem) AS problem FROM slice WHERE group_id = ?`,
      group,
    )!;
  }

  /** The slice that tells of a member. */
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
