import { keyRange, memberKey } from '@causeway/records';
import type { Database } from '../database.ts';
import type { Slices } from './slices.ts';

/** A member's reference, and the key that follows from it. */
export interface NamedMember {
  readonly key: string;
  readonly reference: string;
}

/** Whether a member is in the group's list, whether by primary group, and how many complete reads in a row missed it. */
interface Flags {
  listed: number;
  by_primary: number;
  missed: number;
}

type Row = readonly [
  group: number,
  key: string,
  reference: string,
  listed: number,
  byPrimary: number,
  missed: number,
];

const NEITHER: Flags = { listed: 0, by_primary: 0, missed: 0 };
const NOBODY: ReadonlyMap<string, Flags> = new Map();
const isMember = ({ listed, by_primary }: Flags): boolean => listed + by_primary > 0;

/** Answered from the index alone, without the object's row. */
const inScope = (
  connector: string,
): string => `(SELECT max(o.desired_digest IS NOT NULL) FROM connector_space AS o
  WHERE o.connector = ${connector} AND o.anchor = m.reference)`;

/** Condition on a row `m`: slices name the member. One known by SID alone counts as in scope; readers resolve the SID where needed. */
export const isNamed = (connector = '?'): string =>
  `m.listed + m.by_primary > 0 AND (m.reference LIKE 'S-1-5-21-%' OR ${inScope(connector)})`;
const NAMED = isNamed();

/** SIDs that no domain gave out, such as S-1-5-11. No slice names them. They begin with `S-1-` but not with `S-1-5-21-`. */
const WELL_KNOWN =
  "((reference > 'S-1-' AND reference < 'S-1-5-21-') OR (reference > 'S-1-5-21.' AND reference < 'S-1.'))";
const isWellKnown = (reference: string): boolean =>
  reference.startsWith('S-1-') && !reference.startsWith('S-1-5-21-');

/**
 * The members of each group, as the directory has them. The row of a removed member stays until the slice that names it is signed again. So
 * it is known which slices name a member that returns.
 */
export class Members {
  readonly #db: Database;
  readonly #connector: string;
  readonly #slices: Slices;
  /** For the list being read: whether it had members before, who may be missing now. */
  #mayMiss = false;
  /** What `together` will write, by group. */
  #unwritten: Map<number, Row[]> | undefined;

  constructor(db: Database, connector: string, slices: Slices) {
    this.#db = db;
    this.#connector = connector;
    this.#slices = slices;
  }

  /** Adds them to the group's list. @returns how many were not in the group in any way before */
  add(group: number, references: Iterable<string>): number {
    return this.#change(group, references, flags => ({ ...flags, listed: 1, missed: 0 }));
  }

  /** Removes them from the list. */
  remove(group: number, references: Iterable<string>): void {
    this.#change(group, references, flags => ({ ...flags, listed: 0, missed: 0 }));
  }

  /** Sets or clears the group as their primary group. */
  setPrimary(group: number, references: Iterable<string>, isPrimary: boolean): void {
    this.#change(group, references, flags => ({ ...flags, by_primary: Number(isPrimary) }));
  }

  /**
   * Writes what `work` adds at its end, in the order of references. Otherwise each of many groups, with members from all over the index by
   * reference, would read and write one page per member.
   */
  together(work: () => void): void {
    this.#unwritten = new Map();
    try {
      work();
      this.#writeTogether();
    } finally {
      this.#unwritten = undefined;
    }
  }

  /** Writes what is pending for a group before its rows are read. */
  #settle(group: number): void {
    if (this.#unwritten?.has(group)) this.#writeTogether();
  }

  #writeTogether(): void {
    const rows = Array.from(this.#unwritten?.values() ?? []).flat();
    this.#unwritten?.clear();
    this.#write(rows.sort(([, , a], [, , b]) => (a < b ? -1 : Number(a > b))));
  }

  #change(group: number, references: Iterable<string>, to: (flags: Flags) => Flags): number {
    const changed: string[] = [];
    let grown = 0;
    this.#settle(group);
    const rows: Row[] = [];
    for (const some of inPortions(new Set(references))) {
      const known = this.#isEmpty(group) ? NOBODY : this.#known(group, some);
      for (const [reference, key] of some) {
        const before = known.get(reference) ?? NEITHER;
        const after = to(before);
        if (same(before, after)) continue;
        rows.push([group, key, reference, after.listed, after.by_primary, after.missed]);
        if (isMember(before) === isMember(after)) continue;
        grown += isMember(after) ? 1 : -1;
        if (!isWellKnown(reference)) changed.push(key);
      }
    }
    if (this.#unwritten) this.#unwritten.set(group, rows);
    else this.#write(rows);
    if (grown !== 0) this.#db.run('UPDATE group_list SET members = members + ? WHERE id = ?', grown, group);
    this.#slices.soil(group, changed);
    return grown;
  }

  /** A new group needs no look-ups. */
  #isEmpty(group: number): boolean {
    return this.#db.get('SELECT 1 FROM membership WHERE group_id = ? LIMIT 1', group) === undefined;
  }

  /** One statement for all of them, because a list may have hundreds of thousands. */
  #known(group: number, some: ReadonlyMap<string, string>): Map<string, Flags> {
    const rows = this.#db.all<Flags & { reference: string }>(
      `SELECT m.reference, m.listed, m.by_primary, m.missed FROM json_each(?) AS j
         CROSS JOIN membership AS m ON m.group_id = ? AND m.key = j.value ->> 1 AND m.reference = j.value ->> 0`,
      ...[JSON.stringify([...some]), group],
    );
    return new Map(rows.map(row => [row.reference, row]));
  }

  #write(rows: readonly Row[]): void {
    const sql = `INSERT INTO membership (group_id, key, reference, listed, by_primary, missed) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET listed = excluded.listed, by_primary = excluded.by_primary, missed = excluded.missed`;
    this.#db.transaction(() => {
      for (const row of rows) this.#db.run(sql, ...row);
    });
  }

  /** Removes a deleted object from all groups. No slice is signed for that; the rows stay until their slice is. */
  forget(reference: string): void {
    const rows = this.#db.all<{ group_id: number; key: string }>(
      `SELECT m.group_id, m.key FROM membership AS m JOIN group_list AS g ON g.id = m.group_id
       WHERE m.reference = ? AND g.connector = ? AND m.listed + m.by_primary > 0`,
      ...[reference, this.#connector],
    );
    for (const { group_id, key } of rows) {
      this.#db.run(
        `UPDATE membership SET listed = 0, by_primary = 0, missed = 0 WHERE group_id = ? AND key = ? AND reference = ?`,
        ...[group_id, key, reference],
      );
      this.#db.run('UPDATE group_list SET members = members - 1 WHERE id = ?', group_id);
    }
  }

  /** Deletes a group's list with the group. */
  clear(group: number): void {
    this.#db.run('DELETE FROM membership WHERE group_id = ?', group);
    this.#db.run('UPDATE group_list SET members = 0 WHERE id = ?', group);
  }

  /** The anchors of users in the connector space whose primary group has this RID. */
  byPrimaryGroup(rid: number): string[] {
    return this.#db
      .all<{ anchor: string }>(
        `SELECT anchor FROM connector_space WHERE connector = ? AND attributes ->> '$.primaryGroupID' = ? AND deleted = 0
           AND kind = 'user' AND attributes ->> '$.primaryGroupID' NOT IN ('513', '514', '515')`,
        ...[this.#connector, String(rid)],
      )
      .map(({ anchor }) => anchor);
  }

  /** The members in scope below the prefix, whom a slice has to name. @returns references with their keys */
  signed(group: number, prefix: string, limit: number): Map<string, string> {
    const [from, to] = keyRange(prefix);
    const rows = this.#db.all<{ reference: string; key: string }>(
      `SELECT m.reference, m.key FROM membership AS m
         WHERE m.group_id = ? AND m.key BETWEEN ? AND ? AND ${NAMED} LIMIT ?`,
      ...[group, from, to, this.#connector, limit],
    );
    return new Map(rows.map(({ reference, key }) => [reference, key]));
  }

  /** The members that all slices of a group have to name, after a given one, in the order of keys and references. */
  named(group: number, after: NamedMember, limit: number): NamedMember[] {
    return this.#db.all<NamedMember & Record<string, unknown>>(
      `SELECT m.key, m.reference FROM membership AS m WHERE m.group_id = ? AND (m.key, m.reference) > (?, ?) AND ${NAMED}
       ORDER BY m.key, m.reference LIMIT ?`,
      ...[group, after.key, after.reference, this.#connector, limit],
    );
  }

  /** Starts a complete read of a group's list. */
  beginRead(group: number): void {
    this.#settle(group);
    const sql = 'SELECT 1 FROM membership WHERE group_id = ? AND listed = 1 LIMIT 1';
    this.#mayMiss = this.#db.get(sql, group) !== undefined;
    if (!this.#mayMiss) return;
    this.#db.exec(
      'CREATE TEMP TABLE IF NOT EXISTS seen (key TEXT, reference TEXT, PRIMARY KEY (key, reference)) WITHOUT ROWID; DELETE FROM seen',
    );
  }

  /** Adds a part of a list that is read whole, at once. */
  readPart(group: number, references: readonly string[]): number {
    if (this.#mayMiss)
      for (const some of inPortions(references))
        this.#db.run(
          'INSERT OR IGNORE INTO seen SELECT value ->> 1, value ->> 0 FROM json_each(?)',
          JSON.stringify([...some]),
        );
    return this.add(group, references);
  }

  /** Ends the read of a list. @returns how many members it did not show, and how many of those the previous read missed too */
  endRead(group: number): { missed: number; twice: number } {
    if (!this.#mayMiss) return { missed: 0, twice: 0 };
    this.#settle(group);
    this.#db.run(
      `UPDATE membership SET missed = missed + 1 WHERE group_id = ? AND listed = 1
         AND NOT EXISTS (SELECT 1 FROM temp.seen AS s WHERE s.key = membership.key AND s.reference = membership.reference)`,
      group,
    );
    return this.#db.get<{ missed: number; twice: number }>(
      `SELECT count(*) AS missed, coalesce(sum(missed > 1), 0) AS twice FROM membership WHERE group_id = ? AND missed > 0`,
      group,
    )!;
  }

  /** Members that two complete reads in a row did not show. */
  missedTwice(group: number): string[] {
    const sql = 'SELECT reference FROM membership WHERE group_id = ? AND missed > 1 ORDER BY key, reference';
    return this.#db.all<{ reference: string }>(sql, group).map(({ reference }) => reference);
  }

  /** Memberships of well-known SIDs, which no slice names. */
  countWellKnown(): number {
    return this.#db.get<{ n: number }>(
      `SELECT count(*) AS n FROM membership AS m CROSS JOIN group_list AS g ON g.id = m.group_id
       WHERE ${WELL_KNOWN} AND g.connector = ? AND m.listed = 1`,
      this.#connector,
    )!.n;
  }

  /** Groups in scope that contain a group out of scope: its members do not get their membership through it. */
  containingExcluded(limit: number): { dn: string; excluded: string }[] {
    return this.#db.all(
      `SELECT c.dn, e.dn AS excluded FROM connector_space AS e INDEXED BY connector_space_group
         CROSS JOIN membership AS m ON m.reference = e.anchor -- this order is fast, because few groups are excluded
         JOIN group_list AS g ON g.id = m.group_id AND g.connector = e.connector
         JOIN connector_space AS c ON c.connector = g.connector AND c.guid = g.guid
       WHERE e.connector = ? AND e.kind = 'group' AND e.deleted = 0 AND e.desired_digest IS NULL
         AND m.listed = 1 AND c.desired_digest IS NOT NULL
       ORDER BY c.dn, e.dn LIMIT ?`,
      ...[this.#connector, limit],
    );
  }
}

/** References per statement. */
const PORTION = 1_000;

/** Each reference once, with its key. */
function* inPortions(references: Iterable<string>): Generator<Map<string, string>, void> {
  let some = new Map<string, string>();
  for (const reference of references) {
    some.set(reference, memberKey(reference));
    if (some.size < PORTION) continue;
    yield some;
    some = new Map();
  }
  if (some.size > 0) yield some;
}

const same = (a: Flags, b: Flags): boolean =>
  a.listed === b.listed && a.by_primary === b.by_primary && a.missed === b.missed;
