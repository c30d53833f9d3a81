import type { SQLInputValue } from 'node:sqlite';
import type { Slice } from '@causeway/records';
import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import type { RefusalCode } from '../refusals.ts';
import type { AccountBook } from './account-book.ts';
import { OF_PERSON, type Row, text } from './sql-row.ts';
import type { StateBook } from './state-book.ts';

export type RecordKind = 'account' | 'credential';
/** A name, SID or profile that differs from its record is kept beside the records, which are written. `members`: a slice of a group. */
export type ProblemKind = RecordKind | 'group' | 'members' | 'name' | 'sid' | 'profile';

/** Why a record was not written. */
export interface Problem extends Person {
  kind: ProblemKind;
  /** The record itself names the user. Otherwise only the tenant does, which can show any record under any user. */
  verified: boolean;
  /** `waiting`: for an administrator; `failed`: will be retried. */
  outcome: 'refused' | 'waiting' | 'failed';
  code: string;
  reason: string;
  /** What `causeway domain accept` would accept; null if nothing can be accepted. */
  acceptable: string | null;
  sequence: number;
  /** ISO 8601. */
  since: string;
  at: string;
}

/** A problem to be stored. @property prefix of the slice; '' for all else */
type NewProblem = Omit<Problem, 'since'> & { prefix?: string };

/** How many problems of made-up users are kept and shown. */
export const MAX_UNVERIFIED = 1000;

const OF_ONE = `SELECT * FROM problems ${OF_PERSON}`;
const CLEAR = `DELETE FROM problems ${OF_PERSON} AND kind = ? AND code = coalesce(?, code)`;
const CLEAR_SLICE = `DELETE FROM problems WHERE forest = ?1 AND anchor = ?2 AND kind = 'members' AND (prefix = ?3
  OR sequence <= ?4 AND (substr(prefix, 1, length(?3)) = ?3 OR substr(?3, 1, length(prefix)) = prefix))`;
const OF_RECORDS = `WHERE kind IN ('account', 'credential')`;
const OF_GROUPS = `WHERE kind IN ('group', 'members')`;
const KNOWN_GROUP = `SELECT count(*) AS n FROM groups ${OF_PERSON}`;

/** Records that are not written, and names and SIDs that differ from their records. */
export class ProblemBook {
  readonly #database: StateDatabase;
  readonly #accounts: AccountBook;
  readonly #state: StateBook;

  constructor(database: StateDatabase, accounts: AccountBook, state: StateBook) {
    this.#database = database;
    this.#accounts = accounts;
    this.#state = state;
  }

  save(problem: NewProblem): void {
    this.#database.run(
      `INSERT INTO problems (anchor, kind, outcome, code, reason, acceptable, sequence, since, at, forest, verified, prefix)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11)
        ON CONFLICT (forest, anchor, kind, prefix) DO UPDATE SET outcome = ?3, reason = ?5, acceptable = ?6, sequence = ?7,
        at = ?8, verified = ?10, since = CASE code WHEN ?4 THEN since ELSE ?8 END, code = ?4`,
      ...[problem.anchor, problem.kind, problem.outcome, problem.code, problem.reason],
      ...[problem.acceptable, problem.sequence, problem.at, problem.forest, Number(problem.verified)],
      problem.prefix ?? '',
    );
  }

  /**
   * Stores a problem with something that no trusted key signed. If it is of a user without an entry, or a slice of any prefix, anyone could
   * make up any number of them. So the list is limited, and the rest is only counted.
   * @returns whether it is listed
   */
  saveUnverified(problem: Omit<NewProblem, 'verified'>): boolean {
    const { kind, prefix = '' } = problem;
    const isKnown =
      prefix === ''
        ? this.#accounts.of(problem) !== undefined ||
          this.of(problem).length > 0 ||
          this.#count(KNOWN_GROUP, problem.forest, problem.anchor) > 0
        : this.one(problem, kind, prefix) !== undefined;
    const listed = 'SELECT count(*) AS n FROM (SELECT 1 FROM problems WHERE verified = 0 LIMIT ?)';
    if (!isKnown && this.#count(listed, MAX_UNVERIFIED) >= MAX_UNVERIFIED) {
      this.#state.set('unlisted', String(this.unlisted() + 1));
      return false;
    }
    this.save({ ...problem, verified: false });
    return true;
  }

  /** Refused, unverified records since the feed was started over that are in no list. A user who is shown twice counts twice. */
  unlisted(): number {
    return Number(this.#state.get('unlisted') ?? 0);
  }

  /** @param code clears only a problem with this code @returns whether there was one */
  clear({ forest, anchor }: Person, kind: ProblemKind, code: RefusalCode | null = null): boolean {
    return this.#database.run(CLEAR, forest, anchor, kind, code) > 0;
  }

  /** A slice that is now believed clears the problems of older slices that overlap it. */
  clearSlice({ forest, anchor }: Person, { prefix, sequence }: Slice): void {
    this.#database.run(CLEAR_SLICE, forest, anchor, prefix, sequence);
  }

  /** Clears it for every user; what still holds is noted again. */
  forget(code: RefusalCode): void {
    this.#database.run('DELETE FROM problems WHERE code = ?', code);
  }

  of({ forest, anchor }: Person): Problem[] {
    return this.#database.all(OF_ONE, forest, anchor).map(problemOf);
  }

  /** The problem of one record. @param prefix of a slice */
  one({ forest, anchor }: Person, kind: ProblemKind, prefix = ''): Problem | undefined {
    const row = this.#database.get(`${OF_ONE} AND kind = ? AND prefix = ?`, forest, anchor, kind, prefix);
    return row && problemOf(row);
  }

  /** The problems of every user with this anchor, sorted by forest. */
  withAnchor(anchor: string): Problem[] {
    const sql = 'SELECT * FROM problems WHERE anchor = ? ORDER BY forest';
    return this.#database.all(sql, anchor).map(problemOf);
  }

  list(limit = 100): Problem[] {
    return this.#database.all('SELECT * FROM problems ORDER BY at DESC LIMIT ?', limit).map(problemOf);
  }

  /** Records that are not written, by code. */
  counts(): Record<string, number> {
    return this.#countsByCode(OF_RECORDS);
  }

  /** The same for groups and slices of their members. */
  groupCounts(): Record<string, number> {
    return this.#countsByCode(OF_GROUPS);
  }

  /** Names, SIDs and profiles that differ from their records, by code. */
  asideCounts(): Record<string, number> {
    return this.#countsByCode(`WHERE kind IN ('name', 'sid', 'profile')`);
  }

  hasFailed(): boolean {
    return this.#count(`SELECT count(*) AS n FROM problems ${OF_RECORDS} AND outcome = 'failed'`) > 0;
  }

  #countsByCode(condition: string): Record<string, number> {
    const sql = `SELECT code, count(*) AS n FROM problems ${condition} GROUP BY code ORDER BY code`;
    return Object.fromEntries(this.#database.all(sql).map(row => [String(row.code), Number(row.n)]));
  }

  #count(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.get(sql, ...values)!.n);
  }
}

function problemOf(row: Row): Problem {
  return {
    anchor: String(row.anchor),
    forest: String(row.forest),
    verified: row.verified === 1,
    kind: row.kind as ProblemKind,
    outcome: row.outcome as Problem['outcome'],
    code: String(row.code),
    reason: String(row.reason),
    acceptable: text(row.acceptable),
    sequence: Number(row.sequence),
    since: String(row.since),
    at: String(row.at),
  };
}
