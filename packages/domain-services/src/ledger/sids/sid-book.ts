import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import type { ConfirmedSid } from '../agent-book.ts';
import { OF_PERSON, text } from '../sql-row.ts';

/** Of one person's on-premises SID, what is to be done. */
export interface DueSid extends Person {
  /** The SID that the person is to have; null: none. */
  wanted: string | null;
  /** The SID whose group has the person now. */
  written: string | null;
  /** The SID in the account's `sIDHistory`; null: none, or one from before anybody was asked. */
  history: string | null;
  /** objectGUID of the account. */
  managedGuid: string | null;
}

/** One with an account and a SID that its record says. */
export interface KnownSid extends Person {
  sid: string | null;
  history: string | null;
  managedGuid: string;
  samAccountName: string | null;
}

/** The SIDs of one domain on-premises, and a forest whose people have them. */
export interface DomainSid {
  sid: string;
  forest: string;
  /** Since when the forest has brought it. */
  since: string;
  confirmedAt: string | null;
  /** Since when an administrator has said that it is not this forest's. */
  declinedAt: string | null;
  people: number;
}

const CONFIRMED = 'd.sid = s.domain_sid AND d.forest = s.forest AND d.confirmed_at IS NOT NULL';
const CONFIRMED_SID = 'CASE WHEN d.sid IS NULL OR NOT ?1 THEN NULL ELSE s.sid END';
/** Two people have no SID in common: who had it first keeps it. */
const FREE = `NOT EXISTS (SELECT 1 FROM shadows AS o WHERE o.written = s.sid AND (o.forest <> s.forest OR o.anchor <> s.anchor))`;
/** What may stand in `sIDHistory` from before anybody was asked is taken for written, and so it is taken away. */
const TAKE_FROM_BEFORE = 'history = coalesce(history, sid)';

/**
 * What everybody's on-premises SID is, whose the domains of these SIDs are, and what of it is in the directory, as a group and in
 * `sIDHistory`: a list of what is to be done, as it differs.
 */
export class SidBook {
  readonly #database: StateDatabase;
  #changed = true;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** What an account record says, or null for one that nobody may have. @param domainSid without the RID */
  want({ forest, anchor }: Person, sid: string | null, domainSid: string | null): void {
    const changes = this.#database.run(
      `INSERT INTO shadows (forest, anchor, sid, domain_sid) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET ${TAKE_FROM_BEFORE}, sid = ?3, domain_sid = ?4 WHERE sid IS NOT ?3`,
      ...[forest, anchor, sid, domainSid],
    );
    if (changes === 0) return;
    this.#changed = true;
    if (domainSid === null) return;
    const claim = 'INSERT OR IGNORE INTO domain_sids (sid, forest, pinned_at) VALUES (?, ?, ?)';
    this.#database.run(claim, domainSid, forest, this.#database.timestamp());
  }

  /** Whether anything may be due since this was asked last; what follows from the end of an account is not seen here. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** Null: no group of any SID has the person any more. */
  wrote({ forest, anchor }: Person, sid: string | null): void {
    // What is there now makes nothing due; what is let go of may be another one's.
    this.#changed ||= sid === null;
    this.#database.run(`UPDATE shadows SET written = ? ${OF_PERSON}`, sid, forest, anchor);
  }

  /** What stands in the account's `sIDHistory`. */
  wroteHistory({ forest, anchor }: Person, sid: string | null): void {
    this.#changed ||= sid === null;
    this.#database.run(`UPDATE shadows SET history = ? ${OF_PERSON}`, sid, forest, anchor);
  }

  /**
   * What differs, in the order of people; what is to be taken away comes with it.
   * @param enabled false: nobody is to have one
   */
  due(enabled: boolean, limit: number, after: Person = { forest: '', anchor: '' }): DueSid[] {
    const sql = `SELECT s.forest, s.anchor, CASE WHEN ${FREE} THEN ${CONFIRMED_SID} END AS wanted, s.written, s.history,
        a.managed_guid
      FROM shadows AS s LEFT JOIN domain_sids AS d ON ${CONFIRMED}
        LEFT JOIN accounts AS a ON a.forest = s.forest AND a.anchor = s.anchor
      WHERE (s.forest, s.anchor) > (?2, ?3) AND (${CONFIRMED_SID} IS NOT s.written OR ${CONFIRMED_SID} IS NOT s.history)
        AND (s.written IS NOT NULL OR a.managed_guid IS NOT NULL AND (s.history IS NOT NULL OR ${FREE}))
      ORDER BY s.forest, s.anchor LIMIT ?4`;
    return this.#database.all(sql, Number(enabled), after.forest, after.anchor, limit).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ wanted: text(row.wanted), written: text(row.written), history: text(row.history) },
      managedGuid: text(row.managed_guid),
    }));
  }

  /** Who has which SID by a group, and what the account is called. */
  written(): (Person & { sid: string; samAccountName: string | null })[] {
    const sql = `SELECT s.forest, s.anchor, s.written, a.has_name FROM shadows AS s
      LEFT JOIN accounts AS a ON a.forest = s.forest AND a.anchor = s.anchor WHERE s.written IS NOT NULL`;
    return this.#database.all(sql).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ sid: String(row.written), samAccountName: text(row.has_name) },
    }));
  }

  /** Whether the group of this SID is anybody's. */
  isWritten(sid: string): boolean {
    return this.#database.get('SELECT 1 FROM shadows WHERE written = ?', sid) !== undefined;
  }

  /** People whose SID is known here, whether it is written or not: whose account was made by a release before is not among them. */
  knows({ forest, anchor }: Person): boolean {
    return this.#database.get(`SELECT 1 FROM shadows ${OF_PERSON}`, forest, anchor) !== undefined;
  }

  /** Everybody who has an account and of whom a SID is known. */
  all(): KnownSid[] {
    const sql = `SELECT s.forest, s.anchor, s.sid, s.history, a.managed_guid, a.has_name FROM shadows AS s
      JOIN accounts AS a ON a.forest = s.forest AND a.anchor = s.anchor WHERE a.managed_guid IS NOT NULL`;
    return this.#database.all(sql).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ sid: text(row.sid), history: text(row.history) },
      ...{ managedGuid: String(row.managed_guid), samAccountName: text(row.has_name) },
    }));
  }

  /** The forest that a domain is confirmed for. */
  forestOf(domainSid: string): string | undefined {
    const sql = 'SELECT forest FROM domain_sids WHERE sid = ? AND confirmed_at IS NOT NULL';
    const row = this.#database.get(sql, domainSid);
    return row && String(row.forest);
  }

  /** The domains whose SIDs forests bring, or administrators confirmed. A domain that is confirmed for one forest is no other's. */
  domains(): DomainSid[] {
    const sql = `SELECT d.sid, d.forest, d.pinned_at, d.confirmed_at, count(s.anchor) AS people,
        coalesce(d.declined_at, (SELECT o.confirmed_at FROM domain_sids AS o
          WHERE o.sid = d.sid AND o.forest <> d.forest AND o.confirmed_at IS NOT NULL)) AS declined_at
      FROM domain_sids AS d LEFT JOIN shadows AS s ON s.domain_sid = d.sid AND s.forest = d.forest
      GROUP BY d.sid, d.forest HAVING d.confirmed_at IS NOT NULL OR count(s.anchor) > 0 ORDER BY d.forest, d.sid`;
    return this.#database.all(sql).map(row => ({
      ...{ sid: String(row.sid), forest: String(row.forest), since: String(row.pinned_at) },
      ...{
        confirmedAt: text(row.confirmed_at),
        declinedAt: text(row.declined_at),
        people: Number(row.people),
      },
    }));
  }

  /** Whether several forests bring the domain's SIDs, or one does and another one is confirmed. */
  isContested(domainSid: string): boolean {
    return this.#database.all('SELECT 1 FROM domain_sids WHERE sid = ?', domainSid).length > 1;
  }

  /** What an administrator confirmed, as it stands in the file beside the keys, which is the truth. */
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

  /** An administrator has said whose a domain's SIDs are; the people of all others lose what they have from before. */
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

  /** Nobody is to have any, not even from before. */
  takeAll(): void {
    this.#changed = true;
    this.#database.run(`UPDATE shadows SET ${TAKE_FROM_BEFORE}`);
  }

  counts(): { written: number; waiting: number } {
    const row = this.#database.get(
      'SELECT count(written) AS written, count(*) FILTER (WHERE sid IS NOT written) AS waiting FROM shadows',
    )!;
    return { written: Number(row.written), waiting: Number(row.waiting) };
  }
}
