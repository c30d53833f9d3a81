import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import type { ConfirmedSid } from '../agent-book.ts';
import { number, OF_PERSON, text } from '../sql-row.ts';

/** Whose on-premises SIDs are in the directory: everyone's, only those of security groups, or nobody's. */
export type Sharing = 'all' | 'groups' | 'none';

/** What has to be done about one object's on-premises SID. An object is a user or a group; no anchor is both. */
export interface DueSid extends Person {
  /** The SID that the object should have; null for none. */
  wanted: string | null;
  /** The SID whose shadow group has the object now. */
  written: string | null;
  /** The SID in its `sIDHistory`; null: none, or one from before confirmations existed; empty: an unknown one. */
  history: string | null;
  /** objectGUID in the managed domain. */
  managedGuid: string | null;
  /** Of the newest record. */
  sequence: number | null;
}

/** An object that is in the directory and has a known SID. */
export interface KnownSid extends Person {
  sid: string | null;
  history: string | null;
  managedGuid: string;
}

/** The SIDs of one on-premises domain, and a forest whose users and groups have them. */
export interface DomainSid {
  sid: string;
  forest: string;
  /** Since when the forest has sent SIDs of this domain. */
  since: string;
  confirmedAt: string | null;
  /** Since when an administrator has declined it for this forest. */
  declinedAt: string | null;
  people: number;
  groups: number;
}

/** Objects that have their SID here, and those for which something is pending. */
export interface SidCounts {
  written: number;
  waiting: number;
}

/** How much is shared, as a number for comparisons in SQL. */
const SHARING: Readonly<Record<Sharing, number>> = { none: 0, groups: 1, all: 2 };
const OBJECTS = `LEFT JOIN accounts AS a ON s.is_group = 0 AND a.forest = s.forest AND a.anchor = s.anchor
  LEFT JOIN groups AS g ON s.is_group = 1 AND g.forest = s.forest AND g.anchor = s.anchor`;
const GUID = 'coalesce(a.managed_guid, g.managed_guid)';
const IS_GROUP = `EXISTS (SELECT 1 FROM groups WHERE forest = ?1 AND anchor = ?2)
  AND NOT EXISTS (SELECT 1 FROM accounts WHERE forest = ?1 AND anchor = ?2)`;
const CONFIRMED = 'd.sid = s.domain_sid AND d.forest = s.forest AND d.confirmed_at IS NOT NULL';
/** Needs no column of the object itself, so that all objects can be checked quickly. */
const CONFIRMED_SID = 'CASE WHEN d.sid IS NULL OR ?1 < 2 - s.is_group THEN NULL ELSE s.sid END';
/** A group that was deleted by hand has no SID until it is made again. A trigger removes the SID when an account is deleted. */
const IS_THERE = '(s.is_group = 0 OR g.managed_guid IS NOT NULL)';
/** Two objects never share a SID: the first holder keeps it. */
const FREE = `NOT EXISTS (SELECT 1 FROM shadows AS o WHERE o.written = s.sid AND (o.forest <> s.forest OR o.anchor <> s.anchor))`;
/** What may be in `sIDHistory` from before confirmations existed counts as written, and so it is removed. */
const TAKE_FROM_BEFORE = 'history = coalesce(history, sid)';
/** If an object lost its SID and has it again, nobody knows whether the shadow group has it still, for example after a restore. */
const WRITE_AGAIN = 'written = CASE WHEN sid IS NOT NULL OR written IS NOT ?3 THEN written END';
const COUNTS = 'count(written) AS written, count(*) FILTER (WHERE sid IS NOT written) AS waiting';

/**
 * The on-premises SID of every user and security group, the forests that the domains of these SIDs belong to, and what of it is in the
 * directory, as a shadow group and in `sIDHistory`. The differences are the work to do.
 */
export class SidBook {
  readonly #database: StateDatabase;
  #changed = true;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /**
   * Stores the SID in a record of a user or of a security group.
   * @param sid null if nobody may have it, and for a group that is no security group (any more)
   * @param domainSid without the RID
   */
  want({ forest, anchor }: Person, sid: string | null, domainSid: string | null): void {
    const changes = this.#database.run(
      `INSERT INTO shadows (forest, anchor, sid, domain_sid, is_group) VALUES (?1, ?2, ?3, ?4, ${IS_GROUP})
        ON CONFLICT DO UPDATE SET ${TAKE_FROM_BEFORE}, ${WRITE_AGAIN}, sid = ?3, domain_sid = ?4 WHERE sid IS NOT ?3`,
      ...[forest, anchor, sid, domainSid],
    );
    // A group that lost its right to a SID has already lost it here, with its row.
    this.#changed ||= changes > 0 || sid === null;
    if (changes === 0 || domainSid === null) return;
    const claim = 'INSERT OR IGNORE INTO domain_sids (sid, forest, pinned_at) VALUES (?, ?, ?)';
    this.#database.run(claim, domainSid, forest, this.#database.timestamp());
  }

  /** Whether anything may be due since the last call. Does not see what follows from the deletion of an account or a group. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** Null: the object is in no shadow group any more. */
  wrote({ forest, anchor }: Person, sid: string | null): void {
    // A SID that was written makes nothing due; one that was removed may be another object's.
    this.#changed ||= sid === null;
    this.#database.run(`UPDATE shadows SET written = ? ${OF_PERSON}`, sid, forest, anchor);
  }

  /** What is in its `sIDHistory` now. */
  wroteHistory({ forest, anchor }: Person, sid: string | null): void {
    this.#changed ||= sid === null;
    this.#database.run(`UPDATE shadows SET history = ? ${OF_PERSON}`, sid, forest, anchor);
  }

  /** The differences, sorted by forest and anchor, including what has to be removed. */
  due(sharing: Sharing, limit: number, after: Person = { forest: '', anchor: '' }): DueSid[] {
    const sql = `SELECT s.forest, s.anchor, CASE WHEN ${IS_THERE} AND ${FREE} THEN ${CONFIRMED_SID} END AS wanted, s.written, s.history,
        ${GUID} AS guid, coalesce(a.account_sequence, g.sequence) AS sequence
      FROM shadows AS s LEFT JOIN domain_sids AS d ON ${CONFIRMED} ${OBJECTS}
      WHERE (s.forest, s.anchor) > (?2, ?3) AND (${CONFIRMED_SID} IS NOT s.written OR ${CONFIRMED_SID} IS NOT s.history)
        AND (s.written IS NOT NULL OR ${GUID} IS NOT NULL AND (s.history IS NOT NULL OR ${FREE}))
      ORDER BY s.forest, s.anchor LIMIT ?4`;
    const rows = this.#database.all(sql, SHARING[sharing], after.forest, after.anchor, limit);
    return rows.map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ wanted: text(row.wanted), written: text(row.written), history: text(row.history) },
      ...{ managedGuid: text(row.guid), sequence: number(row.sequence) },
    }));
  }

  /** The objects in shadow groups, with the SID of each and their objectGUID in the directory. */
  written(): (Person & { sid: string; managedGuid: string | null })[] {
    const sql = `SELECT s.forest, s.anchor, s.written, ${GUID} AS guid FROM shadows AS s ${OBJECTS}
      WHERE s.written IS NOT NULL`;
    return this.#database.all(sql).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ sid: String(row.written), managedGuid: text(row.guid) },
    }));
  }

  /** Whether any object is in the shadow group of this SID. */
  isWritten(sid: string): boolean {
    return this.#database.get('SELECT 1 FROM shadows WHERE written = ?', sid) !== undefined;
  }

  /** Whether the SID of an object is known here, written or not. It is unknown if an earlier release made the account. */
  knows({ forest, anchor }: Person): boolean {
    return this.#database.get(`SELECT 1 FROM shadows ${OF_PERSON}`, forest, anchor) !== undefined;
  }

  /** The user or group whose object in the directory has this objectGUID. */
  managed(guid: string): Person | undefined {
    const sql = `SELECT forest, anchor FROM accounts WHERE managed_guid = ?1
      UNION ALL SELECT forest, anchor FROM groups WHERE managed_guid = ?1`;
    const row = this.#database.get(sql, guid);
    return row && { forest: String(row.forest), anchor: String(row.anchor) };
  }

  /** All objects in the directory whose SID is known. */
  all(): KnownSid[] {
    const sql = `SELECT s.forest, s.anchor, s.sid, s.history, ${GUID} AS guid FROM shadows AS s ${OBJECTS}
      WHERE ${GUID} IS NOT NULL`;
    return this.#database.all(sql).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ sid: text(row.sid), history: text(row.history), managedGuid: String(row.guid) },
    }));
  }

  /** The forest that a domain is confirmed for. */
  forestOf(domainSid: string): string | undefined {
    const sql = 'SELECT forest FROM domain_sids WHERE sid = ? AND confirmed_at IS NOT NULL';
    const row = this.#database.get(sql, domainSid);
    return row && String(row.forest);
  }

  /** The domains whose SIDs forests send, or administrators confirmed. A domain confirmed for one forest belongs to no other. */
  domains(): DomainSid[] {
    const sql = `SELECT d.sid, d.forest, d.pinned_at, d.confirmed_at, count(s.anchor) AS objects, sum(s.is_group) AS groups,
        coalesce(d.declined_at, (SELECT o.confirmed_at FROM domain_sids AS o
          WHERE o.sid = d.sid AND o.forest <> d.forest AND o.confirmed_at IS NOT NULL)) AS declined_at
      FROM domain_sids AS d LEFT JOIN shadows AS s ON s.domain_sid = d.sid AND s.forest = d.forest
      GROUP BY d.sid, d.forest HAVING d.confirmed_at IS NOT NULL OR count(s.anchor) > 0 ORDER BY d.forest, d.sid`;
    return this.#database.all(sql).map(row => ({
      ...{ sid: String(row.sid), forest: String(row.forest), since: String(row.pinned_at) },
      ...{ confirmedAt: text(row.confirmed_at), declinedAt: text(row.declined_at) },
      ...{ people: Number(row.objects) - Number(row.groups), groups: Number(row.groups) },
    }));
  }

  /** Whether several forests send the domain's SIDs, or one does while another one is confirmed. */
  isContested(domainSid: string): boolean {
    return this.#database.all('SELECT 1 FROM domain_sids WHERE sid = ?', domainSid).length > 1;
  }

  /** What administrators confirmed, by the file beside the keys, which is authoritative. */
  setConfirmed(confirmed: readonly ConfirmedSid[]): void {
    this.#changed = true;
    this.#database.transaction(() => {
      this.#database.run('UPDATE domain_sids SET confirmed_at = NULL');
      for (const { sid, forest, confirmedAt } of confirmed)
        this.#database.run(
          `INSERT INTO domain_sids (sid, forest, pinned_at, confirmed_at) VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT DO UPDATE SET confirmed_at = ?3, declined_at = NULL`,
          ...[sid, forest, confirmedAt],
        );
    });
  }

  /** An administrator has decided which forest a domain's SIDs belong to. Objects of all others lose what they have from before. */
  decided(sid: string, forest: string | undefined): void {
    this.#changed = true;
    const others = 'AND forest IS NOT ?2';
    const at = this.#database.timestamp();
    this.#database.run(
      `UPDATE domain_sids SET declined_at = ?3 WHERE sid = ?1 ${others}`,
      sid,
      forest ?? null,
      at,
    );
    this.#database.run(
      `UPDATE shadows SET ${TAKE_FROM_BEFORE} WHERE domain_sid = ?1 ${others}`,
      sid,
      forest ?? null,
    );
  }

  /** Objects whose SIDs are not shared lose them, even those from before. */
  takeAll(sharing: Sharing): void {
    this.#changed = true;
    const sql = `UPDATE shadows SET ${TAKE_FROM_BEFORE} WHERE ? < 2 - is_group`;
    this.#database.run(sql, SHARING[sharing]);
  }

  counts(): { people: SidCounts; groups: SidCounts } {
    const counts = { people: { written: 0, waiting: 0 }, groups: { written: 0, waiting: 0 } };
    for (const row of this.#database.all(`SELECT is_group, ${COUNTS} FROM shadows GROUP BY is_group`))
      counts[row.is_group === 1 ? 'groups' : 'people'] = {
        written: Number(row.written),
        waiting: Number(row.waiting),
      };
    return counts;
  }
}
