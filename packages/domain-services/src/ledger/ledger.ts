// Long because it is one thing: the statements of one file's tables beside the rows that they read.
import type { SQLInputValue } from 'node:sqlite';
import type { DomainReport } from '@causeway/contract';
import type { PasswordOrder } from '@causeway/credentials';
import { bucketOf } from '@causeway/records';
import { BulkBook, type Clock, StateDatabase } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import type { Person } from '../person.ts';
import { AdministratorBook } from './administrator-book.ts';
import { BlockBook } from './block-book.ts';
import { HeadBook } from './head-book.ts';
import { LEDGER_STEPS } from './migrations.ts';
import { NameBook } from './name-book.ts';
import { number, type Row, text } from './sql-row.ts';

export type RecordKind = 'account' | 'credential';
/** A name or a SID that is not as its record says stands beside the records, which are written. */
export type ProblemKind = RecordKind | 'name' | 'sid';

/** What is known of one person: what they are pinned to and what was written last. Outlives the account. */
export interface LedgerEntry extends Person {
  /** INVARIANT: a person stays with the objectGUID until an administrator accepts another one. */
  objectGuid: string;
  /** Sequences of the records written last; null when none was. */
  accountSequence: number | null;
  credentialSequence: number | null;
  passwordOrder: PasswordOrder | null;
  /** The account in the directory has the credential of `credentialSequence`. */
  hasCredential: boolean;
  /** The account in the directory has no credential, as the withdrawal of `credentialSequence` says. */
  withdrawn: boolean;
  /** What the account record says; an account without a credential is disabled all the same. */
  wantsEnabled: boolean;
  /** The names that the forest says; null where it says none that can be written. */
  wantedName: string | null;
  wantedPrincipal: string | null;
  /** The names that the account has in the managed domain, unique there; null without an account. */
  samAccountName: string | null;
  userPrincipalName: string | null;
  /** Another forest had the name: the digits of this one's stay until it is renamed, or an administrator frees the name. */
  keepsDigits: boolean;
  /** Key of the name with digits, where it needs one. */
  digitsKey: string | null;
  /** The SID of the account record is not in sIDHistory. */
  sidRefused: boolean;
  /** Written to the account's mS-DS-ConsistencyGuid when it is made: finds it again after a kill. */
  nonce: string | null;
  /** objectGUID in the managed domain; null before the account is made and after it is deleted. */
  managedGuid: string | null;
  /** The same of the account that was there last: finds its tombstone. */
  lastManagedGuid: string | null;
  /** Sequence of a deletion that waits for the end of the backlog or for an administrator. */
  deleteSequence: number | null;
  /** What an administrator accepted of this user: `pin:FOREST/GUID` or `order:VERSION/TIME/ID`. */
  accepted: string | null;
  accountAt: string | null;
  credentialAt: string | null;
  deletedAt: string | null;
}

/** Why a record was not written. */
export interface Problem extends Person {
  kind: ProblemKind;
  /** The person is the record's word; else the tenant's, which shows records as of whomever it likes. */
  verified: boolean;
  /** `waiting`: for an administrator; `failed`: tried again. */
  outcome: 'refused' | 'waiting' | 'failed';
  code: string;
  reason: string;
  /** What `causeway domain accept` would accept; null when nothing can be. */
  acceptable: string | null;
  sequence: number;
  /** ISO 8601. */
  since: string;
  at: string;
}

/** A key that is trusted for one forest, or the tenant's own for `CLOUD_FOREST`. */
export interface TrustedAgent {
  keyId: string;
  forest: string;
  publicKey: string;
  fingerprint: string;
  trustedAt: string;
}

export interface AuditEntry {
  at: string;
  action: string;
  subject: string;
  detail: string;
}

/** Problems of made-up people that are kept, and shown. */
export const MAX_UNVERIFIED = 1000;

const OF_PERSON = 'WHERE forest = ? AND anchor = ?';
const OF_RECORDS = `WHERE kind IN ('account', 'credential')`;

/** The ledger of Domain Services: SQLite, durable at every commit, without any secret. */
export class Ledger {
  readonly #database: StateDatabase;
  /** The heads of the forests, and the ledger as they see it. */
  readonly heads: HeadBook;
  /** Who has and wants which name. */
  readonly names: NameBook;
  /** What waits for an administrator; its scopes are forests. */
  readonly bulk: BulkBook;
  /** Who is proposed and accepted as an administrator of the managed domain. */
  readonly administrators: AdministratorBook;
  /** Whom administrators keep out. */
  readonly blocks: BlockBook;

  /**
   * @param clock the machine's when absent
   * @throws CausewayError 'ledger-too-new'
   */
  constructor(file: string, clock?: Clock) {
    this.#database = new StateDatabase(file, clock);
    this.#database.function('bucket_of', { deterministic: true }, anchor => bucketOf(String(anchor)));
    this.#database.function('name_key', { deterministic: true }, name =>
      name === null ? null : nameKey(String(name)),
    );
    this.#database.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8192');
    this.#database.migrate('ledger', LEDGER_STEPS);
    this.heads = new HeadBook(this.#database);
    this.names = new NameBook(this.#database);
    this.bulk = new BulkBook(this.#database);
    this.administrators = new AdministratorBook(this.#database);
    this.blocks = new BlockBook(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  /** By which everything goes that is decided or stored here. */
  get clock(): Clock {
    return this.#database.clock;
  }

  now(): Date {
    return this.#database.now();
  }

  /** Now as it is stored: ISO 8601, in UTC. */
  timestamp(): string {
    return this.#database.timestamp();
  }

  /** Everything that `work` writes is on the disk when this returns, or nothing of it is. */
  transaction<T>(work: () => T): T {
    return this.#database.transaction(work);
  }

  entry({ forest, anchor }: Person): LedgerEntry | undefined {
    const row = this.#database.get(`SELECT * FROM accounts ${OF_PERSON}`, forest, anchor);
    return row && entryOf(row);
  }

  /** Everybody who has this anchor, one of a forest, by the forests' names. */
  withAnchor(anchor: string): LedgerEntry[] {
    return this.#database.all('SELECT * FROM accounts WHERE anchor = ? ORDER BY forest', anchor).map(entryOf);
  }

  /** True when the objectGUID is that of an account of ours. */
  isManaged(guid: string): boolean {
    return this.managed(guid) !== undefined;
  }

  /** Whose account in the directory has this objectGUID. */
  managed(guid: string): LedgerEntry | undefined {
    const row = this.#database.get('SELECT * FROM accounts WHERE managed_guid = ?', guid);
    return row && entryOf(row);
  }

  /**
   * Everybody whom a name may mean: who is there before who was deleted, who has it before whose forest wants it for them.
   * @param forest of this one alone
   */
  named(name: string, limit: number, forest: string | null = null): LedgerEntry[] {
    const isName = (column: string) => `name_key(${column}) = name_key(?1)`;
    const has = `${isName('has_name')} OR ${isName('has_principal')}`;
    const rows = this.#database.all(
      `SELECT * FROM accounts WHERE (${has} OR ${isName('wanted_name')} OR ${isName('wanted_principal')})
        AND (?2 IS NULL OR forest = ?2) ORDER BY deleted_at IS NOT NULL, NOT coalesce(${has}, 0) LIMIT ?3`,
      ...[name, forest, limit],
    );
    return rows.map(entryOf);
  }

  /** The first of them. */
  withName(name: string, forest?: string): LedgerEntry | undefined {
    return this.named(name, 1, forest)[0];
  }

  /**
   * INVARIANT: the names that an account has are written by `names.save`, and here only where it comes to be, or is no more: what
   * was planned before they changed does not undo it. Names that the forest wants are due at once when they change.
   */
  save(entry: LedgerEntry): void {
    const order = entry.passwordOrder;
    const sameName = 'name_key(excluded.wanted_name) IS name_key(wanted_name)';
    const gone = 'excluded.managed_guid IS NULL AND excluded.nonce IS NULL';
    this.#database.run(
      `INSERT INTO accounts (anchor, forest, object_guid, account_sequence, credential_sequence,
        order_version, order_time, order_invocation_id, has_credential, withdrawn, wants_enabled, wanted_name,
        wanted_principal, has_name, has_principal, keeps_digits, digits_key, sid_refused, nonce, managed_guid,
        last_managed_guid, delete_sequence, accepted, account_at, credential_at, deleted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (forest, anchor) DO UPDATE SET object_guid = excluded.object_guid,
        account_sequence = excluded.account_sequence, credential_sequence = excluded.credential_sequence,
        order_version = excluded.order_version, order_time = excluded.order_time,
        order_invocation_id = excluded.order_invocation_id, has_credential = excluded.has_credential,
        withdrawn = excluded.withdrawn,
        wants_enabled = excluded.wants_enabled, wanted_name = excluded.wanted_name,
        wanted_principal = excluded.wanted_principal,
        has_name = CASE WHEN ${gone} THEN NULL ELSE has_name END,
        has_principal = CASE WHEN ${gone} THEN NULL ELSE has_principal END,
        keeps_digits = CASE WHEN ${sameName} THEN keeps_digits ELSE 0 END, sid_refused = excluded.sid_refused,
        nonce = excluded.nonce, managed_guid = excluded.managed_guid,
        last_managed_guid = excluded.last_managed_guid, delete_sequence = excluded.delete_sequence,
        accepted = excluded.accepted, account_at = excluded.account_at,
        credential_at = excluded.credential_at, deleted_at = excluded.deleted_at`,
      ...[entry.anchor, entry.forest, entry.objectGuid, entry.accountSequence, entry.credentialSequence],
      ...[order?.version ?? null, order?.originatingTime ?? null, order?.originatingInvocationId ?? null],
      ...[Number(entry.hasCredential), Number(entry.withdrawn), Number(entry.wantsEnabled)],
      ...[entry.wantedName, entry.wantedPrincipal],
      ...[entry.samAccountName, entry.userPrincipalName, Number(entry.keepsDigits), entry.digitsKey],
      ...[Number(entry.sidRefused), entry.nonce, entry.managedGuid],
      ...[entry.managedGuid ?? entry.lastManagedGuid, entry.deleteSequence, entry.accepted],
      ...[entry.accountAt, entry.credentialAt, entry.deletedAt],
    );
  }

  pendingDeletes(): LedgerEntry[] {
    return this.#database
      .all('SELECT * FROM accounts WHERE delete_sequence IS NOT NULL ORDER BY delete_sequence')
      .map(entryOf);
  }

  /** How many accounts of each forest are in the directory. */
  countByForest(): Map<string, number> {
    const sql = 'SELECT forest, count(*) AS n FROM accounts WHERE managed_guid IS NOT NULL GROUP BY forest';
    return new Map(this.#database.all(sql).map(row => [String(row.forest), Number(row.n)]));
  }

  counts(): { accounts: number; withCredential: number; deleted: number } {
    return {
      accounts: this.#count('SELECT count(*) AS n FROM accounts WHERE managed_guid IS NOT NULL'),
      withCredential: this.#count(
        'SELECT count(*) AS n FROM accounts WHERE managed_guid IS NOT NULL AND has_credential = 1',
      ),
      deleted: this.#count('SELECT count(*) AS n FROM accounts WHERE deleted_at IS NOT NULL'),
    };
  }

  saveProblem(problem: Omit<Problem, 'since'>): void {
    this.#database.run(
      `INSERT INTO problems (anchor, kind, outcome, code, reason, acceptable, sequence, since, at, forest, verified)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10)
        ON CONFLICT (forest, anchor, kind) DO UPDATE SET outcome = ?3, reason = ?5, acceptable = ?6, sequence = ?7,
        at = ?8, verified = ?10, since = CASE code WHEN ?4 THEN since ELSE ?8 END, code = ?4`,
      ...[problem.anchor, problem.kind, problem.outcome, problem.code, problem.reason],
      ...[problem.acceptable, problem.sequence, problem.at, problem.forest, Number(problem.verified)],
    );
  }

  /** Accounts whose own changes of the password are not refused yet. */
  ownChangesWaiting(): number {
    return this.#count('SELECT count(*) AS n FROM own_changes_due');
  }

  /** The next one of them after this one; the first one without. */
  ownChangesAfter({ forest, anchor }: Person = { forest: '', anchor: '' }): Person | undefined {
    const sql = `SELECT forest, anchor FROM own_changes_due WHERE (forest, anchor) > (?, ?)
      ORDER BY forest, anchor LIMIT 1`;
    const row = this.#database.get(sql, forest, anchor);
    return row && { forest: String(row.forest), anchor: String(row.anchor) };
  }

  ownChangesDone({ forest, anchor }: Person): void {
    this.#database.run(`DELETE FROM own_changes_due ${OF_PERSON}`, forest, anchor);
  }

  /**
   * What no trusted key signed, of a person who has no entry: anybody could make up any number of them, so the list has an end and
   * the rest is counted.
   * @returns whether it is listed
   */
  saveUnverified(problem: Omit<Problem, 'since' | 'verified'>): boolean {
    const isKnown = this.entry(problem) !== undefined || this.problemsOf(problem).length > 0;
    const listed = 'SELECT count(*) AS n FROM (SELECT 1 FROM problems WHERE verified = 0 LIMIT ?)';
    if (!isKnown && this.#count(listed, MAX_UNVERIFIED) >= MAX_UNVERIFIED) {
      this.setState('unlisted', String(this.unlisted() + 1));
      return false;
    }
    this.saveProblem({ ...problem, verified: false });
    return true;
  }

  /** Unverified records that were refused and are in no list, since the feed was begun anew; who is shown twice counts twice. */
  unlisted(): number {
    return Number(this.state('unlisted') ?? 0);
  }

  /** @returns whether there was one */
  clearProblem({ forest, anchor }: Person, kind: ProblemKind): boolean {
    const sql = `DELETE FROM problems ${OF_PERSON} AND kind = ?`;
    return this.#database.run(sql, forest, anchor, kind) > 0;
  }

  problemsOf({ forest, anchor }: Person): Problem[] {
    return this.#database.all(`SELECT * FROM problems ${OF_PERSON}`, forest, anchor).map(problemOf);
  }

  /** Those of everybody who has this anchor, by the forests' names. */
  problemsWithAnchor(anchor: string): Problem[] {
    const sql = 'SELECT * FROM problems WHERE anchor = ? ORDER BY forest';
    return this.#database.all(sql, anchor).map(problemOf);
  }

  problems(limit = 100): Problem[] {
    return this.#database.all('SELECT * FROM problems ORDER BY at DESC LIMIT ?', limit).map(problemOf);
  }

  /** Records that are not written, by code. */
  problemCounts(): Record<string, number> {
    return this.#countsByCode(OF_RECORDS);
  }

  /** Names and SIDs that are not as their records say, by code. */
  asideCounts(): Record<string, number> {
    return this.#countsByCode(`WHERE kind IN ('name', 'sid')`);
  }

  hasFailed(): boolean {
    return this.#count(`SELECT count(*) AS n FROM problems ${OF_RECORDS} AND outcome = 'failed'`) > 0;
  }

  trustedAgents(): TrustedAgent[] {
    return this.#database.all('SELECT * FROM trusted_agents ORDER BY trusted_at, forest').map(row => ({
      keyId: String(row.key_id),
      forest: String(row.forest),
      publicKey: String(row.public_key),
      fingerprint: String(row.fingerprint),
      trustedAt: String(row.trusted_at),
    }));
  }

  trust(agent: TrustedAgent): void {
    this.#database.run(
      `INSERT OR REPLACE INTO trusted_agents (key_id, forest, public_key, fingerprint, trusted_at)
        VALUES (?, ?, ?, ?, ?)`,
      ...[agent.keyId, agent.forest, agent.publicKey, agent.fingerprint, agent.trustedAt],
    );
  }

  untrust(agent: TrustedAgent): void {
    this.#database.run(
      'DELETE FROM trusted_agents WHERE key_id = ? AND forest = ?',
      agent.keyId,
      agent.forest,
    );
  }

  /** INVARIANT: a domain's SID stays with the forest that brought it first until an administrator accepts another. */
  forestOfSid(domainSid: string): string | undefined {
    const row = this.#database.get('SELECT forest FROM domain_sids WHERE sid = ?', domainSid);
    return row && String(row.forest);
  }

  pinSid(domainSid: string, forest: string, at: string): void {
    this.#database.run(
      'INSERT OR REPLACE INTO domain_sids (sid, forest, pinned_at) VALUES (?, ?, ?)',
      ...[domainSid, forest, at],
    );
  }

  audit({ action, subject, detail }: Omit<AuditEntry, 'at'>): void {
    this.#database.run(
      'INSERT INTO audit (at, action, subject, detail) VALUES (?, ?, ?, ?)',
      ...[this.timestamp(), action, subject, detail],
    );
  }

  auditTrail(limit = 50): AuditEntry[] {
    return this.#database
      .all('SELECT at, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?', limit)
      .map(row => ({
        at: String(row.at),
        action: String(row.action),
        subject: String(row.subject),
        detail: String(row.detail),
      }));
  }

  /** Reports wait here for the tenant, committed together with what they report. */
  queueReports(reports: readonly DomainReport[]): void {
    for (const report of reports) {
      const reason = report.reason === null ? null : plainReason(report.reason);
      this.#database.run('INSERT INTO outbox (report) VALUES (?)', JSON.stringify({ ...report, reason }));
    }
  }

  /** Whether so many reports wait, or more. */
  hasQueued(count: number): boolean {
    return this.#count('SELECT count(*) AS n FROM (SELECT 1 FROM outbox LIMIT ?)', count) === count;
  }

  queuedReports(limit: number): { id: number; report: DomainReport }[] {
    return this.#database.all('SELECT id, report FROM outbox ORDER BY id LIMIT ?', limit).map(row => ({
      id: Number(row.id),
      report: JSON.parse(String(row.report)) as DomainReport,
    }));
  }

  /** Forgets reports that the tenant has acknowledged. */
  dropReports(throughId: number): void {
    this.#database.run('DELETE FROM outbox WHERE id <= ?', throughId);
  }

  /** A named value of the agent's own: where it is in the feed, what is allowed. */
  state(name: StateName): string | undefined {
    const row = this.#database.get('SELECT value FROM state WHERE name = ?', name);
    return row && String(row.value);
  }

  setState(name: StateName, value: string): void {
    if (name === 'cursor' && value === '') this.setState('unlisted', '0');
    this.#database.run('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)', name, value);
  }

  #countsByCode(condition: string): Record<string, number> {
    const sql = `SELECT code, count(*) AS n FROM problems ${condition} GROUP BY code ORDER BY code`;
    return Object.fromEntries(this.#database.all(sql).map(row => [String(row.code), Number(row.n)]));
  }

  #count(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.get(sql, ...values)!.n);
  }
}

const MAX_REASON = 500;

/** A report that the tenant cannot store would hold up all that come after it. */
const plainReason = (reason: string): string =>
  reason
    .slice(0, MAX_REASON)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, ' ');

export type StateName =
  | 'cursor'
  | 'caughtUpAt'
  | 'readAt'
  /** Fingerprint of another key than the pinned one that the tenant shows as its own; empty when there is none. */
  | 'offeredTenantKey'
  | 'receiptSequence'
  /** New accounts of 24 hours by forest, as JSON, where they are more than go without an alarm. */
  | 'growthAlarms'
  /** The records that the tenant was told are read here. */
  | 'announced'
  /** How many refused records are in no list. */
  | 'unlisted'
  /** JSON: whether this domain is its tenant's, and since when that was seen; see `registration/standing.ts`. */
  | 'standing'
  /** JSON: whether the tenant says whom it proposes as administrators; see `administrators/administrators.ts`. */
  | 'proposals'
  /** JSON: the last lock of an account that the domain needs; see `directory/realm-guard.ts`. */
  | 'endedLock';

function entryOf(row: Row): LedgerEntry {
  const version = number(row.order_version);
  return {
    anchor: String(row.anchor),
    forest: String(row.forest),
    objectGuid: String(row.object_guid),
    accountSequence: number(row.account_sequence),
    credentialSequence: number(row.credential_sequence),
    passwordOrder:
      version === null
        ? null
        : {
            version,
            originatingTime: Number(row.order_time),
            originatingInvocationId: String(row.order_invocation_id),
          },
    hasCredential: row.has_credential === 1,
    withdrawn: row.withdrawn === 1,
    wantsEnabled: row.wants_enabled === 1,
    wantedName: text(row.wanted_name),
    wantedPrincipal: text(row.wanted_principal),
    samAccountName: text(row.has_name),
    userPrincipalName: text(row.has_principal),
    keepsDigits: row.keeps_digits === 1,
    digitsKey: text(row.digits_key),
    sidRefused: row.sid_refused === 1,
    nonce: text(row.nonce),
    managedGuid: text(row.managed_guid),
    lastManagedGuid: text(row.last_managed_guid),
    deleteSequence: number(row.delete_sequence),
    accepted: text(row.accepted),
    accountAt: text(row.account_at),
    credentialAt: text(row.credential_at),
    deletedAt: text(row.deleted_at),
  };
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
