import type { Database } from '../database.ts';
import type { Slices } from './slices.ts';

/** A group, as memberships and slices identify it. */
export interface ListedGroup {
  readonly id: number;
  readonly guid: string;
  /** Members by list, by primary group or both, in scope or not. */
  readonly members: number;
}

const COLUMNS = 'g.id, g.guid, g.members';
/** A group that the tenant should have. Lists of other groups are read when they come into scope. */
const IN_SCOPE = `FROM group_list AS g JOIN connector_space AS o ON o.connector = g.connector AND o.guid = g.guid
  WHERE g.connector = ? AND o.kind = 'group' AND o.desired_digest IS NOT NULL`;
/** The same, and the groups of the scope. */
const TO_READ = `FROM group_list AS g JOIN connector_space AS o ON o.connector = g.connector AND o.guid = g.guid
  WHERE g.connector = ? AND o.kind = 'group' AND (o.desired_digest IS NOT NULL OR (o.deleted = 0
    AND EXISTS (SELECT 1 FROM scope_group AS s WHERE s.connector = g.connector AND s.guid = g.guid)))`;
const DUE = '(g.to_read IS NOT NULL OR g.next_read_at <= ?)';

/** The groups of a connector, and whose lists have to be read whole. */
export class GroupLists {
  readonly #db: Database;
  readonly #connector: string;
  readonly #slices: Slices;

  constructor(db: Database, connector: string, slices: Slices) {
    this.#db = db;
    this.#connector = connector;
    this.#slices = slices;
  }

  get(guid: string): ListedGroup | undefined {
    const sql = `SELECT ${COLUMNS} FROM group_list AS g WHERE connector = ? AND guid = ?`;
    return this.#db.get<ListedGroup>(sql, this.#connector, guid);
  }

  /** Adds a newly met group: its list has to be read, and one slice has to name all members. */
  begin(guid: string, rid: number | null): ListedGroup {
    this.#db.run(
      "INSERT INTO group_list (connector, guid, rid, to_read) VALUES (?, ?, ?, 'a new group')",
      ...[this.#connector, guid, rid],
    );
    const group = this.get(guid)!;
    this.#slices.reset(group.id);
    return group;
  }

  /** Orders a complete read of the group's list. */
  order(guid: string, reason: string): void {
    const sql = 'UPDATE group_list SET to_read = coalesce(to_read, ?) WHERE connector = ? AND guid = ?';
    this.#db.run(sql, reason, this.#connector, guid);
  }

  /** Orders it for groups of any connector that name an object by one of these references. */
  orderNaming(references: readonly string[], reason: string): void {
    const sql = `UPDATE group_list SET to_read = coalesce(to_read, ?)
      WHERE id IN (SELECT group_id FROM membership WHERE reference = ?)`;
    for (const reference of references) this.#db.run(sql, reason, reference);
  }

  /** Orders it for all groups of the connector. */
  orderAll(reason: string): void {
    const sql = 'UPDATE group_list SET to_read = coalesce(to_read, ?) WHERE connector = ?';
    this.#db.run(sql, reason, this.#connector);
  }

  noteRead(id: number, nextReadAt: number): void {
    this.#db.run('UPDATE group_list SET to_read = NULL, next_read_at = ? WHERE id = ?', nextReadAt, id);
  }

  /** Why its list has to be read now, or null; and when it is read next in any case. */
  reading(guid: string): { toRead: string | null; nextReadAt: string | null } | undefined {
    const row = this.#db.get<{ to_read: string | null; next_read_at: number }>(
      'SELECT to_read, next_read_at FROM group_list WHERE connector = ? AND guid = ?',
      ...[this.#connector, guid],
    );
    if (row === undefined) return undefined;
    const { to_read: toRead, next_read_at: at } = row;
    return { toRead, nextReadAt: at === 0 ? null : new Date(at).toISOString() }; // 0: it was never read
  }

  /** Groups whose lists have to be read now, in the order in which they were met. */
  due(now: number, after: number, limit: number): ListedGroup[] {
    return this.#db.all<ListedGroup & Record<string, unknown>>(
      `SELECT ${COLUMNS} ${TO_READ} AND ${DUE} AND g.id > ? ORDER BY g.id LIMIT ?`,
      ...[this.#connector, now, after, limit],
    );
  }

  countDue(now: number): number {
    const sql = `SELECT count(*) AS n ${TO_READ} AND ${DUE}`;
    return this.#db.get<{ n: number }>(sql, this.#connector, now)!.n;
  }

  /** Groups with members that two complete reads in a row did not show. */
  withMissing(): ListedGroup[] {
    return this.#db.all<ListedGroup & Record<string, unknown>>(
      `SELECT ${COLUMNS} FROM group_list AS g WHERE g.connector = ?
         AND g.id IN (SELECT group_id FROM membership WHERE missed > 0 AND missed > 1)`, // the index is of those above 0
      this.#connector,
    );
  }

  /** The number of members of all groups that the tenant should have. */
  countMembers(): number {
    const sql = `SELECT coalesce(sum(g.members), 0) AS n ${IN_SCOPE}`;
    return this.#db.get<{ n: number }>(sql, this.#connector)!.n;
  }

  /** The largest first. */
  largerThan(members: number, limit: number): { dn: string; members: number }[] {
    return this.#db.all(
      `SELECT o.dn, g.members ${IN_SCOPE} AND g.members > ? ORDER BY g.members DESC LIMIT ?`,
      ...[this.#connector, members, limit],
    );
  }

  /** The group whose SID ends with this RID. */
  byRid(rid: number): number | undefined {
    const sql = 'SELECT id FROM group_list WHERE connector = ? AND rid = ?';
    return this.#db.get<{ id: number }>(sql, this.#connector, rid)?.id;
  }

  /** Forgets the group and everything known of its members. */
  remove(guid: string): void {
    const id = this.get(guid)?.id;
    if (id === undefined) return;
    for (const table of ['membership', 'slice']) this.#db.run(`DELETE FROM ${table} WHERE group_id = ?`, id);
    this.#db.run('DELETE FROM group_list WHERE id = ?', id);
  }

  /** Orders a look-up of the groups that an object is in. */
  orderLookUp(guid: string): void {
    this.#db.run('INSERT OR IGNORE INTO member_to_look_up VALUES (?, ?)', this.#connector, guid);
  }

  lookUps(limit: number): string[] {
    const sql = 'SELECT guid FROM member_to_look_up WHERE connector = ? LIMIT ?';
    return this.#db.all<{ guid: string }>(sql, this.#connector, limit).map(({ guid }) => guid);
  }

  noteLookedUp(guid: string): void {
    this.#db.run('DELETE FROM member_to_look_up WHERE connector = ? AND guid = ?', this.#connector, guid);
  }
}
