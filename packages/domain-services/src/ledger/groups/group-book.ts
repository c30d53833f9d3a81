import { CLOUD_FOREST } from '@causeway/records';
import type { StateDatabase } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import type { Person } from '../../person.ts';
import { number, OF_PERSON, type Row, text } from '../sql-row.ts';

/** What is known of one group: what it is pinned to, what is believed of it, and what it is in the directory. Outlives the group there. */
export interface GroupEntry extends Person {
  /** INVARIANT: a group keeps this objectGUID until an administrator accepts another one. */
  objectGuid: string;
  /** Of the newest record that was believed, or deletion; null for a group found in the directory of which no record has come. */
  sequence: number | null;
  digest: string | null;
  wantedName: string | null;
  displayName: string | null;
  mail: string | null;
  objectSid: string | null;
  securityEnabled: boolean;
  /** The newest record is a deletion, whether carried out or pending. */
  deleted: boolean;
  /** Of the newest deletion that was believed. Older slices do not count. */
  deletedSequence: number | null;
  /** Of the record that the directory has. */
  writtenSequence: number | null;
  /** sAMAccountName in the managed domain; null without a group there. */
  hasName: string | null;
  /** Its nonce in the directory. Finds it again after a kill. */
  nonce: string | null;
  /** objectGUID in the managed domain; null before it is made and after it is deleted. */
  managedGuid: string | null;
  /** The objectGUID of the previous group. Finds its tombstone. */
  lastManagedGuid: string | null;
  /** What an administrator accepted: `pin:FOREST/GUID`. */
  accepted: string | null;
}

const COLUMNS = [
  ...['forest', 'anchor', 'object_guid', 'sequence', 'digest', 'wanted_name', 'display_name', 'mail'],
  ...['object_sid', 'security_enabled', 'deleted', 'deleted_sequence', 'written_sequence', 'has_name'],
  ...['nonce', 'managed_guid', 'last_managed_guid', 'accepted'],
];
const SAVE = `INSERT INTO groups (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
  ON CONFLICT (forest, anchor) DO UPDATE SET ${COLUMNS.slice(2)
    .map(name => `${name} = excluded.${name}`)
    .join(', ')}`;

const IS_DUE = 'sequence IS NOT written_sequence AND sequence IS NOT NULL';

/** The order in which groups get names: the tenant's own groups after those of all forests. */
const rankOf = (forest: string): string => (forest === CLOUD_FOREST ? '~' : forest);
const RANK = `replace(forest, '${CLOUD_FOREST}', '~')`;

const IS_UNCLAIMED = 'managed_guid IS NOT NULL AND sequence IS NULL';

/** All groups of which a record was believed, or that were found in the directory. */
export class GroupBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  of({ forest, anchor }: Person): GroupEntry | undefined {
    return this.#one(`SELECT * FROM groups ${OF_PERSON}`, forest, anchor);
  }

  /** The group whose object in the directory has this objectGUID. */
  managed(guid: string): GroupEntry | undefined {
    return this.#one('SELECT * FROM groups WHERE managed_guid = ?', guid);
  }

  /** The same, or the group that had it last. */
  ofGroup(guid: string): GroupEntry | undefined {
    const had = 'SELECT * FROM groups WHERE last_managed_guid = ? AND managed_guid IS NULL';
    return this.managed(guid) ?? this.#one(had, guid);
  }

  withAnchor(anchor: string): GroupEntry[] {
    return this.#all('SELECT * FROM groups WHERE anchor = ? ORDER BY forest', anchor);
  }

  /** Groups for which their forests want this name. */
  wanting(name: string): GroupEntry[] {
    const sql =
      'SELECT * FROM groups WHERE deleted = 0 AND wanted_name IS NOT NULL AND name_key(wanted_name) = ?';
    return this.#all(sql, nameKey(name));
  }

  /** Groups that have this name here. */
  called(name: string): GroupEntry[] {
    return this.#all(
      'SELECT * FROM groups WHERE has_name IS NOT NULL AND name_key(has_name) = ?',
      nameKey(name),
    );
  }

  allManaged(): GroupEntry[] {
    return this.#all('SELECT * FROM groups WHERE managed_guid IS NOT NULL');
  }

  /** Groups that are or were in the directory. */
  allEver(): GroupEntry[] {
    return this.#all('SELECT * FROM groups WHERE last_managed_guid IS NOT NULL');
  }

  /** Up to `limit` groups that differ from their records, after this one, without deletions. Ask for former security groups first. */
  due(securityEnabled: boolean, limit: number, after: Person = { forest: '', anchor: '' }): GroupEntry[] {
    const sql = `SELECT * FROM groups WHERE ${IS_DUE} AND deleted = 0 AND security_enabled = ?
      AND (${RANK}, anchor) > (?, ?) ORDER BY ${RANK}, anchor LIMIT ?`;
    return this.#all(sql, Number(securityEnabled), rankOf(after.forest), after.anchor, limit);
  }

  /** Up to `limit` groups whose name differs from what their forest says. */
  differing(limit: number, after: Person = { forest: '', anchor: '' }): GroupEntry[] {
    const sql = `SELECT * FROM groups WHERE managed_guid IS NOT NULL AND deleted = 0 AND has_name IS NOT wanted_name
      AND wanted_name IS NOT NULL AND (${RANK}, anchor) > (?, ?) ORDER BY ${RANK}, anchor LIMIT ?`;
    return this.#all(sql, rankOf(after.forest), after.anchor, limit);
  }

  /** Deleted groups that are still in the directory. */
  pendingDeletes(): GroupEntry[] {
    const sql = `SELECT * FROM groups INDEXED BY groups_leaving WHERE deleted = 1 AND managed_guid IS NOT NULL
      ORDER BY sequence`;
    return this.#all(sql);
  }

  /** Groups that were found in the directory, of which no record has come and which no administrator has had deleted. */
  unclaimed(): GroupEntry[] {
    return this.#all(`SELECT * FROM groups WHERE ${IS_UNCLAIMED} AND deleted = 0`);
  }

  countByForest(): Map<string, number> {
    const sql = 'SELECT forest, count(*) AS n FROM groups WHERE managed_guid IS NOT NULL GROUP BY forest';
    return new Map(this.#database.all(sql).map(row => [String(row.forest), Number(row.n)]));
  }

  counts(): { groups: number; waiting: number; unclaimed: number } {
    const row = this.#database.get(`SELECT count(managed_guid) AS groups,
      count(*) FILTER (WHERE ${IS_DUE} AND (deleted = 0 OR managed_guid IS NOT NULL)) AS waiting,
      count(*) FILTER (WHERE ${IS_UNCLAIMED}) AS unclaimed FROM groups`)!;
    return {
      groups: Number(row.groups),
      waiting: Number(row.waiting),
      unclaimed: Number(row.unclaimed),
    };
  }

  save(entry: GroupEntry): void {
    this.#database.run(
      SAVE,
      ...[entry.forest, entry.anchor, entry.objectGuid, entry.sequence, entry.digest, entry.wantedName],
      ...[entry.displayName, entry.mail, entry.objectSid, Number(entry.securityEnabled)],
      ...[Number(entry.deleted), entry.deletedSequence, entry.writtenSequence, entry.hasName, entry.nonce],
      ...[entry.managedGuid, entry.managedGuid ?? entry.lastManagedGuid, entry.accepted],
    );
  }

  /** The directory may lack what was written last, so all of it is written again. */
  nothingIsWritten(): void {
    this.#database.run('UPDATE groups SET written_sequence = NULL WHERE managed_guid IS NOT NULL');
  }

  #one(sql: string, ...values: string[]): GroupEntry | undefined {
    const row = this.#database.get(sql, ...values);
    return row && entryOf(row);
  }

  #all(sql: string, ...values: (string | number)[]): GroupEntry[] {
    return this.#database.all(sql, ...values).map(entryOf);
  }
}

/** A group of which only the identity is known. */
export const newGroup = ({ forest, anchor }: Person, objectGuid: string): GroupEntry => ({
  ...{ forest, anchor, objectGuid, sequence: null, digest: null, wantedName: null, displayName: null },
  ...{ mail: null, objectSid: null, securityEnabled: false, deleted: false, deletedSequence: null },
  ...{ writtenSequence: null, hasName: null, nonce: null, managedGuid: null, lastManagedGuid: null },
  accepted: null,
});

/** The entry of a group that is missing in the directory. If its record wants it there, it is made again. */
export const withoutGroup = (entry: GroupEntry): GroupEntry => ({
  ...entry,
  ...{ managedGuid: null, lastManagedGuid: entry.managedGuid ?? entry.lastManagedGuid },
  ...{ nonce: null, hasName: null, writtenSequence: entry.deleted ? entry.sequence : null },
});

function entryOf(row: Row): GroupEntry {
  return {
    forest: String(row.forest),
    anchor: String(row.anchor),
    objectGuid: String(row.object_guid),
    sequence: number(row.sequence),
    digest: text(row.digest),
    wantedName: text(row.wanted_name),
    displayName: text(row.display_name),
    mail: text(row.mail),
    objectSid: text(row.object_sid),
    securityEnabled: row.security_enabled === 1,
    deleted: row.deleted === 1,
    deletedSequence: number(row.deleted_sequence),
    writtenSequence: number(row.written_sequence),
    hasName: text(row.has_name),
    nonce: text(row.nonce),
    managedGuid: text(row.managed_guid),
    lastManagedGuid: text(row.last_managed_guid),
    accepted: text(row.accepted),
  };
}
