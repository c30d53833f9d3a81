import type { StateDatabase } from '@causeway/service';
import type { Person } from '../../person.ts';
import type { ConfirmedSid } from '../agent-book.ts';
import { OF_PERSON, text } from '../sql-row.ts';

/** Of one person's on-premises SID, what is to be done. */
export interface DueShadow extends Person {
  /** The SID that the person is to have; null: none. */
  wanted: string | null;
  /** The SID whose group has the person now. */
  written: string | null;
  /** objectGUID of the account. */
  managedGuid: string | null;
}

/** The SIDs of one domain on-premises. */
export interface DomainSid {
  sid: string;
  forest: string;
  /** Since when the forest has brought it. */
  since: string;
  confirmedAt: string | null;
  people: number;
}

const CONFIRMED = 'd.sid = s.domain_sid AND d.forest = s.forest AND d.confirmed_at IS NOT NULL';
const WANTED = 'CASE WHEN d.sid IS NULL OR NOT ?1 THEN NULL ELSE s.sid END';
/** Two people have no SID in common: who had it first keeps it. */
const FREE = `NOT EXISTS (SELECT 1 FROM shadows AS o WHERE o.written = s.sid AND (o.forest <> s.forest OR o.anchor <> s.anchor))`;

/** What everybody's on-premises SID is, and what of it is in the directory: a list of what is to be done, as it differs. */
export class ShadowBook {
  readonly #database: StateDatabase;
  #changed = true;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** What an account record says, or null where its SID is refused. @param domainSid without the RID */
  want({ forest, anchor }: Person, sid: string | null, domainSid: string | null): void {
    const changes = this.#database.run(
      `INSERT INTO shadows (forest, anchor, sid, domain_sid) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET sid = ?3, domain_sid = ?4 WHERE sid IS NOT ?3`,
      ...[forest, anchor, sid, domainSid],
    );
    this.#changed ||= changes > 0;
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

  /**
   * What differs, in the order of people; what is to be taken away comes with it.
   * @param enabled false: nobody is to have one
   */
  due(enabled: boolean, limit: number, after: Person = { forest: '', anchor: '' }): DueShadow[] {
    const sql = `SELECT s.forest, s.anchor, ${WANTED} AS wanted, s.written, a.managed_guid
      FROM shadows AS s LEFT JOIN domain_sids AS d ON ${CONFIRMED}
        LEFT JOIN accounts AS a ON a.forest = s.forest AND a.anchor = s.anchor
      WHERE (s.forest, s.anchor) > (?2, ?3) AND ${WANTED} IS NOT s.written
        AND (s.written IS NOT NULL OR a.managed_guid IS NOT NULL AND ${FREE})
      ORDER BY s.forest, s.anchor LIMIT ?4`;
    return this.#database.all(sql, Number(enabled), after.forest, after.anchor, limit).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ wanted: text(row.wanted), written: text(row.written), managedGuid: text(row.managed_guid) },
    }));
  }

  /** Who has which SID, as it is written, and what the account is called. */
  written(): (Person & { sid: string; samAccountName: string | null })[] {
    const sql = `SELECT s.forest, s.anchor, s.written, a.has_name FROM shadows AS s
      LEFT JOIN accounts AS a ON a.forest = s.forest AND a.anchor = s.anchor WHERE s.written IS NOT NULL`;
    return this.#database.all(sql).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ sid: String(row.written), samAccountName: text(row.has_name) },
    }));
  }

  /** People whose SID is known here, whether it is written or not: whose account was made by a release before is not among them. */
  knows({ forest, anchor }: Person): boolean {
    return this.#database.get(`SELECT 1 FROM shadows ${OF_PERSON}`, forest, anchor) !== undefined;
  }

  /** Everybody of whom a SID is known, and it. */
  all(): (Person & { sid: string | null; managedGuid: string; samAccountName: string | null })[] {
    const sql = `SELECT s.forest, s.anchor, s.sid, a.managed_guid, a.has_name FROM shadows AS s
      JOIN accounts AS a ON a.forest = s.forest AND a.anchor = s.anchor WHERE a.managed_guid IS NOT NULL`;
    return this.#database.all(sql).map(row => ({
      ...{ forest: String(row.forest), anchor: String(row.anchor) },
      ...{ sid: text(row.sid), managedGuid: String(row.managed_guid), samAccountName: text(row.has_name) },
    }));
  }

  /** The domains whose SIDs forests brought, or administrators confirmed. */
  domains(): DomainSid[] {
    const sql = `SELECT d.sid, d.forest, d.pinned_at, d.confirmed_at,
        (SELECT count(*) FROM shadows AS s WHERE s.domain_sid = d.sid AND s.forest = d.forest) AS people
      FROM domain_sids AS d ORDER BY d.forest, d.sid`;
    return this.#database.all(sql).map(row => ({
      ...{ sid: String(row.sid), forest: String(row.forest), since: String(row.pinned_at) },
      ...{ confirmedAt: text(row.confirmed_at), people: Number(row.people) },
    }));
  }

  /** What an administrator confirmed, as it stands in the file beside the keys, which is the truth. */
  setConfirmed(confirmed: readonly ConfirmedSid[]): void {
    this.#changed = true;
    this.#database.transaction(() => {
      this.#database.run('UPDATE domain_sids SET confirmed_at = NULL');
      for (const { sid, forest, confirmedAt } of confirmed)
        this.#database.run(
          `INSERT INTO domain_sids (sid, forest, pinned_at, confirmed_at) VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT (sid) DO UPDATE SET confirmed_at = iif(forest = ?2, ?3, NULL)`,
          ...[sid, forest, confirmedAt],
        );
    });
  }

  counts(): { written: number; waiting: number } {
    const row = this.#database.get(
      'SELECT count(written) AS written, count(*) FILTER (WHERE sid IS NOT written) AS waiting FROM shadows',
    )!;
    return { written: Number(row.written), waiting: Number(row.waiting) };
  }
}
