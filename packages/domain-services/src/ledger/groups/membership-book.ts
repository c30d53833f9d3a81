import { CLOUD_FOREST, memberKey } from '@causeway/records';
import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import { number, OF_PERSON, type Row, text } from '../sql-row.ts';

/** A user or a group that a reference names. */
export interface Referenced {
  managedGuid: string | null;
  /** Of the newest deletion of it that was believed. */
  deletedSequence: number | null;
  /** A deletion was believed and is not carried out yet. */
  isLeaving: boolean;
}

/** A membership in which the directory may differ from what it should be. */
export interface DueMembership {
  key: string;
  reference: string;
  /** Of the slice that names the member; null if none does any more. */
  sequence: number | null;
  /** objectGUID of the member that the group has. */
  written: string | null;
  /** The object that the anchor names; undefined for an unknown object and for a SID. */
  referenced: Referenced | undefined;
}

/** The position after which a list of due memberships continues. */
export type MembershipKey = Pick<DueMembership, 'key' | 'reference'>;
const FIRST: MembershipKey = { key: '', reference: '' };

const OF_ONE = `${OF_PERSON} AND key = ? AND reference = ?`;
/** A group of the tenant's own names users of a forest by `referenceToForest`. */
const IN_FOREST = `m.forest = '${CLOUD_FOREST}' AND instr(m.reference, '/') > 0`;
const PEOPLE = `LEFT JOIN accounts AS a ON a.forest = CASE WHEN ${IN_FOREST} THEN substr(m.reference, 1, instr(m.reference, '/') - 1) ELSE m.forest END
    AND a.anchor = CASE WHEN ${IN_FOREST} THEN substr(m.reference, instr(m.reference, '/') + 1) ELSE m.reference END`;
/** Sequences of the tenant and of a forest cannot be compared. For users of a forest it counts only whether they exist. */
const REFERENCED = `a.anchor AS person, a.managed_guid AS a_guid, CASE WHEN ${IN_FOREST} THEN NULL ELSE a.deleted_sequence END AS a_deleted,
  a.delete_sequence AS a_leaving,
  g.anchor AS of_group, g.managed_guid AS g_guid, g.deleted_sequence AS g_deleted, g.deleted AS g_leaving`;

/** The references by which a group may name the object with an objectGUID in the directory. */
const REFERENCES_TO = `SELECT anchor AS reference FROM accounts WHERE managed_guid = ?1 AND forest = ?2
  UNION SELECT anchor FROM groups WHERE managed_guid = ?1 AND forest = ?2
  UNION SELECT forest || '/' || anchor FROM accounts WHERE managed_guid = ?1 AND ?2 = '${CLOUD_FOREST}'
  UNION SELECT s.sid FROM accounts AS a JOIN shadows AS s ON a.forest = s.forest AND a.anchor = s.anchor
    WHERE a.managed_guid = ?1 AND s.sid IS NOT NULL
  UNION SELECT object_sid FROM groups WHERE managed_guid = ?1 AND object_sid IS NOT NULL`;

/** Removals have an index of their own: they go first, also while many more members are still to be added. */
const dueOf = (written: boolean): string =>
  written
    ? 'INDEXED BY memberships_leaving WHERE due > 0 AND written IS NOT NULL'
    : 'INDEXED BY memberships_due WHERE due > 0';

/** Who belongs to which group, and who is in it. Each difference is work to do. */
export class MembershipBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** The next group with due memberships, after this one. @param written only those that the group has */
  nextDue(
    { forest, anchor }: Person = { forest: '', anchor: '' },
    written: boolean = false,
  ): Person | undefined {
    const row = this.#database.get(
      `SELECT forest, anchor FROM memberships ${dueOf(written)} AND (forest, anchor) > (?, ?) ORDER BY forest, anchor LIMIT 1`,
      ...[forest, anchor],
    );
    return row && { forest: String(row.forest), anchor: String(row.anchor) };
  }

  /** Up to `limit` due memberships of one group, after this one. @param written only those that the group has */
  due({ forest, anchor }: Person, written: boolean, limit: number, after = FIRST): DueMembership[] {
    const one = `SELECT * FROM memberships ${dueOf(written)} AND forest = ? AND anchor = ? AND (key, reference) > (?, ?)
      ORDER BY key, reference LIMIT ?`;
    const sql = `SELECT m.*, ${REFERENCED} FROM (${one}) AS m
      ${PEOPLE}
      LEFT JOIN groups AS g ON g.forest = m.forest AND g.anchor = m.reference
      ORDER BY m.key, m.reference`;
    return this.#database.all(sql, forest, anchor, after.key, after.reference, limit).map(row => ({
      ...{ key: String(row.key), reference: String(row.reference) },
      ...{ sequence: number(row.sequence), written: text(row.written), referenced: referencedOf(row) },
    }));
  }

  /** Every object here whose record has this SID, with the forest that signed it. */
  holdersOf(sid: string): (Referenced & { forest: string })[] {
    const people = `SELECT a.forest, a.anchor AS person, a.managed_guid AS a_guid, a.deleted_sequence AS a_deleted,
      a.delete_sequence AS a_leaving FROM shadows AS s JOIN accounts AS a ON a.forest = s.forest AND a.anchor = s.anchor
      WHERE s.sid = ? AND a.managed_guid IS NOT NULL`;
    const groups = `SELECT forest, anchor AS of_group, managed_guid AS g_guid, deleted_sequence AS g_deleted,
      deleted AS g_leaving FROM groups WHERE object_sid = ? AND managed_guid IS NOT NULL`;
    return [people, groups]
      .flatMap(sql => this.#database.all(sql, sid))
      .map(row => ({ ...referencedOf(row)!, forest: String(row.forest) }));
  }

  /** The membership is being written. Whatever changes meanwhile makes it due again. */
  begin({ forest, anchor }: Person, { key, reference }: MembershipKey): void {
    this.#database.run(`UPDATE memberships SET due = 2 ${OF_ONE}`, forest, anchor, key, reference);
  }

  /** What the group now has of this membership. Deletes the row if no slice names it and the group does not have it. */
  wrote({ forest, anchor }: Person, { key, reference }: MembershipKey, written: string | null): void {
    const one = [forest, anchor, key, reference];
    this.#database.run(
      `UPDATE memberships SET written = ?, due = CASE due WHEN 2 THEN 0 ELSE due END ${OF_ONE}`,
      written,
      ...one,
    );
    if (written === null)
      this.#database.run(
        `DELETE FROM memberships ${OF_ONE} AND sequence IS NULL AND written IS NULL`,
        ...one,
      );
  }

  /** Whether the group has the member by another reference, too: an anchor and a SID may name the same object. */
  isWrittenOtherwise({ forest, anchor }: Person, { reference }: MembershipKey, guid: string): boolean {
    const sql = `SELECT 1 FROM memberships WHERE written = ? AND forest = ? AND anchor = ? AND reference <> ? LIMIT 1`;
    return this.#database.get(sql, guid, forest, anchor, reference) !== undefined;
  }

  /** The group no longer has the member. Whether it should is checked next. */
  removed({ forest, anchor }: Person, { key, reference }: MembershipKey): void {
    this.#database.run(
      `UPDATE memberships SET written = NULL, due = 1 ${OF_ONE}`,
      forest,
      anchor,
      key,
      reference,
    );
  }

  /** objectGUIDs of the members that the group has, as they were written. */
  written({ forest, anchor }: Person): Map<string, MembershipKey> {
    const sql = `SELECT key, reference, written FROM memberships ${OF_PERSON} AND written IS NOT NULL`;
    const rows = this.#database.all(sql, forest, anchor);
    return new Map(
      rows.map(row => [String(row.written), { key: String(row.key), reference: String(row.reference) }]),
    );
  }

  /** Takes over a member in the directory that this ledger did not write. @returns whether slices of the group name or named it */
  adopt({ forest, anchor }: Person, guid: string): boolean {
    const references = this.#database.all(REFERENCES_TO, guid, forest).map(row => String(row.reference));
    const sql = `UPDATE memberships SET written = ?, due = 1 ${OF_ONE} AND written IS NULL`;
    const changed = references.map(one => this.#database.run(sql, guid, forest, anchor, memberKey(one), one));
    return changed.some(rows => rows > 0);
  }

  /** For one group: members it should have, those of them that it lacks, and those that it has and should not. */
  countsOf({ forest, anchor }: Person): { members: number; missing: number; leaving: number } {
    const row = this.#database.get(
      `SELECT count(sequence) AS members, count(*) FILTER (WHERE sequence IS NOT NULL AND written IS NULL) AS missing,
        count(*) FILTER (WHERE sequence IS NULL AND written IS NOT NULL) AS leaving FROM memberships ${OF_PERSON}`,
      ...[forest, anchor],
    )!;
    return { members: Number(row.members), missing: Number(row.missing), leaving: Number(row.leaving) };
  }

  counts(): { written: number; waiting: number } {
    const row = this.#database.get(
      `SELECT count(written) AS written, count(*) FILTER (WHERE sequence IS NOT NULL AND written IS NULL) AS waiting
        FROM memberships`,
    )!;
    return { written: Number(row.written), waiting: Number(row.waiting) };
  }
}

function referencedOf(row: Row): Referenced | undefined {
  if (row.person != null)
    return {
      managedGuid: text(row.a_guid),
      deletedSequence: number(row.a_deleted),
      isLeaving: row.a_leaving !== null,
    };
  if (row.of_group == null) return undefined;
  return {
    managedGuid: text(row.g_guid),
    deletedSequence: number(row.g_deleted),
    isLeaving: row.g_leaving === 1,
  };
}
