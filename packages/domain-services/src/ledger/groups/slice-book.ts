import { decidingSlice, keyRange, memberKey, type Slice } from '@causeway/records';
import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import { OF_PERSON } from '../sql-row.ts';

/** A believed slice, without its members. */
export interface LedgerSlice extends Slice {
  objectGuid: string;
  digest: string;
}

/** The live slices of groups, and through them who belongs to which group. */
export class SliceBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** All slices of one group; some hundred for the largest ones. */
  of({ forest, anchor }: Person): LedgerSlice[] {
    return this.#database.all(`SELECT * FROM slices ${OF_PERSON}`, forest, anchor).map(row => ({
      prefix: String(row.prefix),
      sequence: Number(row.sequence),
      objectGuid: String(row.object_guid),
      digest: String(row.digest),
    }));
  }

  /**
   * Stores a live slice, and what follows from it for the members. The work grows with the members of the slice and with those that the
   * group has below its prefix. Runs in the caller's transaction.
   * @param live all live slices of the group, this one included
   */
  believe(
    group: Person,
    slice: LedgerSlice,
    references: readonly string[],
    live: readonly LedgerSlice[],
  ): void {
    const { forest, anchor } = group;
    const { prefix, sequence } = slice;
    const byPrefix = new Map(live.map(one => [one.prefix, one]));
    const isDecided = (key: string): boolean => decidingSlice(byPrefix, key)?.sequence === sequence;
    const members = new Map(
      references.map(one => [one, memberKey(one)] as const).filter(([, key]) => isDecided(key)),
    );
    const [from, to] = keyRange(prefix);
    const known = this.#database.all(
      `SELECT key, reference FROM memberships ${OF_PERSON} AND key BETWEEN ? AND ? AND sequence IS NOT NULL`,
      ...[forest, anchor, from, to],
    );
    for (const { key, reference } of known)
      if (!members.has(String(reference)) && isDecided(String(key)))
        this.#database.run(
          `UPDATE memberships SET sequence = NULL, due = 1 ${OF_PERSON} AND key = ? AND reference = ?`,
          ...[forest, anchor, String(key), String(reference)],
        );
    for (const [reference, key] of members)
      this.#database.run(
        `INSERT INTO memberships (forest, anchor, key, reference, sequence) VALUES (?1, ?2, ?3, ?4, ?5)
          ON CONFLICT DO UPDATE SET due = due > 0 OR sequence IS NULL OR written IS NULL, sequence = ?5`,
        ...[forest, anchor, key, reference, sequence],
      );
    const isLive = new Set(live.map(one => one.prefix));
    for (const one of this.of(group)) if (!isLive.has(one.prefix)) this.#drop(group, one);
    this.#database.run(
      'INSERT OR REPLACE INTO slices (forest, anchor, prefix, object_guid, sequence, digest) VALUES (?, ?, ?, ?, ?, ?)',
      ...[forest, anchor, prefix, slice.objectGuid, sequence, slice.digest],
    );
  }

  /** Drops slices that no longer count: older than the group's deletion, or of another object. They make nobody a member. */
  forget(group: Person, slices: readonly LedgerSlice[]): void {
    const { forest, anchor } = group;
    for (const slice of slices) {
      this.#drop(group, slice);
      const [from, to] = keyRange(slice.prefix);
      this.#database.run(
        `UPDATE memberships SET sequence = NULL, due = 1 ${OF_PERSON} AND key BETWEEN ? AND ? AND sequence = ?`,
        ...[forest, anchor, from, to, slice.sequence],
      );
    }
  }

  counts(): number {
    return Number(this.#database.get('SELECT count(*) AS n FROM slices')!.n);
  }

  #drop({ forest, anchor }: Person, { prefix }: Slice): void {
    this.#database.run(`DELETE FROM slices ${OF_PERSON} AND prefix = ?`, forest, anchor, prefix);
  }
}
