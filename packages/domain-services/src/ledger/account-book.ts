import type { PasswordOrder } from '@causeway/credentials';
import type { StateDatabase } from '@causeway/service';
import type { Person } from '../person.ts';
import { number, OF_PERSON, type Row, text } from './sql-row.ts';

/** What is known of one user: what they are pinned to, and what was written last. Outlives the account. */
export interface LedgerEntry extends Person {
  /** INVARIANT: a user keeps this objectGUID until an administrator accepts another one. */
  objectGuid: string;
  /** Sequences of the records that were written last; null if none was. */
  accountSequence: number | null;
  credentialSequence: number | null;
  /** Digests of the newest records that were believed, including a deletion; null if unknown. */
  accountDigest: string | null;
  credentialDigest: string | null;
  passwordOrder: PasswordOrder | null;
  /** The account in the directory has the credential of `credentialSequence`. */
  hasCredential: boolean;
  /** The account in the directory has no credential, because the record of `credentialSequence` is a withdrawal. */
  withdrawn: boolean;
  /** What the account record says. An account without a credential is disabled anyway. */
  wantsEnabled: boolean;
  /** The `accountExpires` that was written; null if an earlier release wrote the account. */
  accountExpires: string | null;
  /** The names that the forest wants; null if it wants none, or none that can be written. */
  wantedName: string | null;
  wantedPrincipal: string | null;
  /** The names of the account in the managed domain, unique there; null without an account. */
  samAccountName: string | null;
  userPrincipalName: string | null;
  /** Another forest had the name. This user keeps the digits until they are renamed, or an administrator frees the name. */
  keepsDigits: boolean;
  /** Key of the name with digits, if the user needs one. */
  digitsKey: string | null;
  /** Nobody may have the SID of this account record here. */
  sidRefused: boolean;
  /** Written to the account's mS-DS-ConsistencyGuid when it is made. Finds it again after a kill. */
  nonce: string | null;
  /** objectGUID in the managed domain; null before the account is made and after it is deleted. */
  managedGuid: string | null;
  /** The objectGUID of the previous account. Finds its tombstone. */
  lastManagedGuid: string | null;
  /** Sequence of a deletion that waits for the end of the backlog or for an administrator. */
  deleteSequence: number | null;
  /** What an administrator accepted for this user: `pin:FOREST/GUID` or `order:VERSION/TIME/ID`. */
  accepted: string | null;
  accountAt: string | null;
  credentialAt: string | null;
  deletedAt: string | null;
}

const isName = (column: string): string => `name_key(${column}) = name_key(?1)`;
const HAS_NAME = `${isName('has_name')} OR ${isName('has_principal')}`;
const NAMED = `SELECT * FROM accounts WHERE (${HAS_NAME} OR ${isName('wanted_name')} OR ${isName('wanted_principal')})
  AND (?2 IS NULL OR forest = ?2) ORDER BY deleted_at IS NOT NULL, NOT coalesce(${HAS_NAME}, 0) LIMIT ?3`;

const SAME_NAME = 'name_key(excluded.wanted_name) IS name_key(wanted_name)';
const GONE = 'excluded.managed_guid IS NULL AND excluded.nonce IS NULL';
const SAVE = `INSERT INTO accounts (anchor, forest, object_guid, account_sequence, credential_sequence,
  order_epoch, order_version, order_time, order_invocation_id, has_credential, withdrawn, wants_enabled, wanted_name,
  wanted_principal, has_name, has_principal, keeps_digits, digits_key, sid_refused, nonce, managed_guid,
  last_managed_guid, delete_sequence, accepted, account_at, credential_at, deleted_at,
  account_digest, credential_digest, account_expires)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (forest, anchor) DO UPDATE SET object_guid = excluded.object_guid,
  account_sequence = excluded.account_sequence, credential_sequence = excluded.credential_sequence,
  order_epoch = excluded.order_epoch, order_version = excluded.order_version, order_time = excluded.order_time,
  order_invocation_id = excluded.order_invocation_id, has_credential = excluded.has_credential,
  withdrawn = excluded.withdrawn,
  wants_enabled = excluded.wants_enabled, wanted_name = excluded.wanted_name,
  wanted_principal = excluded.wanted_principal,
  has_name = CASE WHEN ${GONE} THEN NULL ELSE has_name END,
  has_principal = CASE WHEN ${GONE} THEN NULL ELSE has_principal END,
  keeps_digits = CASE WHEN ${SAME_NAME} THEN keeps_digits ELSE 0 END, sid_refused = excluded.sid_refused,
  nonce = excluded.nonce, managed_guid = excluded.managed_guid,
  last_managed_guid = excluded.last_managed_guid, delete_sequence = excluded.delete_sequence,
  accepted = excluded.accepted, account_at = excluded.account_at,
  credential_at = excluded.credential_at, deleted_at = excluded.deleted_at,
  account_digest = excluded.account_digest, credential_digest = excluded.credential_digest,
  account_expires = excluded.account_expires`;

const UNCLAIMED = 'managed_guid IS NOT NULL AND account_sequence IS NULL';
const OF_ONE = `SELECT * FROM accounts ${OF_PERSON}`;

/** Every user of whom a record was written: what they are pinned to, and what their accounts have. */
export class AccountBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  of({ forest, anchor }: Person): LedgerEntry | undefined {
    const row = this.#database.get(OF_ONE, forest, anchor);
    return row && entryOf(row);
  }

  /** Every user with this anchor, one per forest, sorted by forest. */
  withAnchor(anchor: string): LedgerEntry[] {
    return this.#database.all('SELECT * FROM accounts WHERE anchor = ? ORDER BY forest', anchor).map(entryOf);
  }

  /** Whether the objectGUID is that of one of our accounts. */
  isManaged(guid: string): boolean {
    return this.managed(guid) !== undefined;
  }

  /** The user whose account in the directory has this objectGUID. */
  managed(guid: string): LedgerEntry | undefined {
    const row = this.#database.get('SELECT * FROM accounts WHERE managed_guid = ?', guid);
    return row && entryOf(row);
  }

  /** The user whose account has this objectGUID, or had it last. */
  ofAccount(guid: string): LedgerEntry | undefined {
    const had = 'SELECT * FROM accounts WHERE last_managed_guid = ? AND managed_guid IS NULL';
    const row = this.#database.get(had, guid);
    return this.managed(guid) ?? (row && entryOf(row));
  }

  allManaged(): LedgerEntry[] {
    return this.#database.all('SELECT * FROM accounts WHERE managed_guid IS NOT NULL').map(entryOf);
  }

  /** Up to `limit` users with an account, after this user, or from the start. */
  managedAfter({ forest, anchor }: Person = { forest: '', anchor: '' }, limit: number): LedgerEntry[] {
    const sql = `SELECT * FROM accounts WHERE managed_guid IS NOT NULL AND (forest, anchor) > (?, ?)
      ORDER BY forest, anchor LIMIT ?`;
    return this.#database.all(sql, forest, anchor, limit).map(entryOf);
  }

  /** Including users whose accounts are deleted. */
  allEver(): LedgerEntry[] {
    return this.#database.all('SELECT * FROM accounts WHERE last_managed_guid IS NOT NULL').map(entryOf);
  }

  /**
   * The directory may lack what was written last. Sets each account back by one sequence: the same record is written again, an older one is
   * not, and a head shows which users the feed does not bring.
   */
  nothingIsWritten(): void {
    this.#database.run(`UPDATE accounts SET account_sequence = account_sequence - 1, has_credential = 0, withdrawn = 0
      WHERE managed_guid IS NOT NULL AND account_sequence IS NOT NULL`);
  }

  /** Users with an account of whom no record was ever written here. */
  unclaimed(): LedgerEntry[] {
    return this.#database.all(`SELECT * FROM accounts WHERE ${UNCLAIMED}`).map(entryOf);
  }

  /**
   * Every user whom a name may mean: existing users before deleted ones, and users who have the name before those who should have it.
   * @param forest only users of this forest
   */
  named(name: string, limit: number, forest: string | null = null): LedgerEntry[] {
    return this.#database.all(NAMED, name, forest, limit).map(entryOf);
  }

  /** The first of these users. */
  withName(name: string, forest?: string): LedgerEntry | undefined {
    return this.named(name, 1, forest)[0];
  }

  /**
   * INVARIANT: the names of an account are written by `names.save`. This method writes them only when the account is created or deleted, so
   * that a plan made before a rename cannot undo it. If the names that the forest wants change, they are due at once.
   */
  save(entry: LedgerEntry): void {
    const order = entry.passwordOrder;
    this.#database.run(
      SAVE,
      ...[entry.anchor, entry.forest, entry.objectGuid, entry.accountSequence, entry.credentialSequence],
      ...[
        order?.epoch ?? 0,
        order?.version ?? null,
        order?.originatingTime ?? null,
        order?.originatingInvocationId ?? null,
      ],
      ...[Number(entry.hasCredential), Number(entry.withdrawn), Number(entry.wantsEnabled)],
      ...[entry.wantedName, entry.wantedPrincipal],
      ...[entry.samAccountName, entry.userPrincipalName, Number(entry.keepsDigits), entry.digitsKey],
      ...[Number(entry.sidRefused), entry.nonce, entry.managedGuid],
      ...[entry.managedGuid ?? entry.lastManagedGuid, entry.deleteSequence, entry.accepted],
      ...[entry.accountAt, entry.credentialAt, entry.deletedAt],
      ...[entry.accountDigest, entry.credentialDigest, entry.accountExpires],
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

  counts(): { accounts: number; withCredential: number; deleted: number; unclaimed: number } {
    return {
      accounts: this.#count('managed_guid IS NOT NULL'),
      withCredential: this.#count('managed_guid IS NOT NULL AND has_credential = 1'),
      deleted: this.#count('deleted_at IS NOT NULL'),
      unclaimed: this.#count(UNCLAIMED),
    };
  }

  #count(condition: string): number {
    return Number(this.#database.get(`SELECT count(*) AS n FROM accounts WHERE ${condition}`)!.n);
  }
}

function entryOf(row: Row): LedgerEntry {
  const version = number(row.order_version);
  const epoch = Number(row.order_epoch);
  return {
    anchor: String(row.anchor),
    forest: String(row.forest),
    objectGuid: String(row.object_guid),
    accountSequence: number(row.account_sequence),
    credentialSequence: number(row.credential_sequence),
    accountDigest: text(row.account_digest),
    credentialDigest: text(row.credential_digest),
    passwordOrder:
      version === null
        ? null
        : {
            ...(epoch > 0 && { epoch }),
            version,
            originatingTime: Number(row.order_time),
            originatingInvocationId: String(row.order_invocation_id),
          },
    hasCredential: row.has_credential === 1,
    withdrawn: row.withdrawn === 1,
    wantsEnabled: row.wants_enabled === 1,
    accountExpires: text(row.account_expires),
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
