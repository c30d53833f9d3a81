import type { SQLInputValue } from 'node:sqlite';
import type { StateDatabase } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { type NamedAccount, type NameView, type Slot, slotOfPrincipal } from '../names/naming.ts';
import { isSamePerson, type Person } from '../person.ts';
import { type Row, text } from './sql-row.ts';

/** The forest that a name belongs to. */
export interface NameOwner {
  slot: Slot;
  forest: string;
  /** ISO 8601: since when nobody of the forest wants it any more, so that it is reserved; null while a user does. */
  releasedAt: string | null;
}

/** A name that may have to change hands. */
export interface DueName {
  /** As a slot, except that a userPrincipalName in the managed realm is not reduced to the account name yet. */
  key: string;
  tries: number;
}

const ACCOUNTS = `SELECT anchor, forest, object_guid, wanted_name, wanted_principal, has_name, has_principal, keeps_digits, digits_key
  FROM accounts WHERE deleted_at IS NULL`;
/** Built once: the initial load asks several times per user. */
const BY_KEY = {
  has: {
    name: `${ACCOUNTS} AND name_key(has_name) = ?`,
    principal: `${ACCOUNTS} AND name_key(has_principal) = ?`,
  },
  wanted: {
    name: `${ACCOUNTS} AND name_key(wanted_name) = ?`,
    principal: `${ACCOUNTS} AND name_key(wanted_principal) = ?`,
  },
};
const OF_ONE = `${ACCOUNTS} AND forest = ? AND anchor = ?`;
const CALLED = `${ACCOUNTS} AND (name_key(has_name) = ?1 OR name_key(has_principal) = ?1
  OR name_key(wanted_name) = ?1 OR name_key(wanted_principal) = ?1)`;
const GROUP_CALLED =
  'SELECT forest, anchor, has_name FROM groups WHERE has_name IS NOT NULL AND name_key(has_name) = ? LIMIT 1';
const GIVEN = `SELECT n.forest, n.anchor, g.wanted_name AS group_name FROM given_names AS n
  LEFT JOIN groups AS g ON g.forest = n.forest AND g.anchor = n.anchor AND g.deleted = 0
    AND 'a:' || name_key(g.wanted_name) = n.slot
  WHERE n.slot = ?`;
const WITH_DIGITS = `${ACCOUNTS} AND digits_key = ?`;

/** What the ledger knows of names: who has and wants each one, which forest it belongs to, and which may have to change hands. */
export class NameBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  owner(slot: Slot): NameOwner | undefined {
    const row = this.#database.get('SELECT * FROM names WHERE slot = ?', slot);
    if (row === undefined) return undefined;
    const { released_at: releasedAt } = row;
    return { slot, forest: String(row.forest), releasedAt: text(releasedAt) };
  }

  setOwner({ slot, forest, releasedAt }: NameOwner): void {
    this.#database.run(
      'INSERT OR REPLACE INTO names (slot, forest, released_at) VALUES (?, ?, ?)',
      slot,
      forest,
      releasedAt,
    );
  }

  dropOwner(slot: Slot): void {
    this.#database.run('DELETE FROM names WHERE slot = ?', slot);
  }

  /** Names that are reserved for their forests. */
  reserved(limit: number): NameOwner[] {
    const sql = 'SELECT * FROM names WHERE released_at IS NOT NULL ORDER BY released_at LIMIT ?';
    return this.#database.all(sql, limit).map(row => ({
      ...{ slot: String(row.slot), forest: String(row.forest), releasedAt: String(row.released_at) },
    }));
  }

  /** Has names checked that were reserved before this time: they belong to nobody any more. */
  endReservations(before: string): void {
    for (const { slot } of this.#database.all('SELECT slot FROM names WHERE released_at < ?', before)) {
      this.touch([String(slot)]);
    }
  }

  /** The names of an account that is not deleted. */
  account({ forest, anchor }: Person): NamedAccount | undefined {
    return this.#accounts(OF_ONE, forest, anchor)[0];
  }

  wanting(slot: Slot, realm: string): NamedAccount[] {
    return this.#bySlot('wanted', slot, realm);
  }

  holding(slot: Slot, realm: string): NamedAccount[] {
    return this.#bySlot('has', slot, realm);
  }

  /** Every user who has a name here, as account name or userPrincipalName, and every user for whom their forest wants it. */
  called(name: string): NamedAccount[] {
    return this.#accounts(CALLED, nameKey(name));
  }

  /** The group of ours that has an account name. While it has, none of our users gets the name. */
  groupCalled(slot: Slot): (Person & { name: string }) | undefined {
    if (!slot.startsWith('a:')) return undefined;
    const row = this.#database.get(GROUP_CALLED, slot.slice(2));
    return row && { forest: String(row.forest), anchor: String(row.anchor), name: String(row.has_name) };
  }

  /** An administrator gives an account name to a user or group. While that one wants it, no other group or kind of object gets it. */
  give(slot: Slot, { forest, anchor }: Person): void {
    const sql = 'INSERT OR REPLACE INTO given_names (slot, forest, anchor) VALUES (?, ?, ?)';
    this.#database.run(sql, slot, forest, anchor);
  }

  /** Who was given an account name. The gift ends when they no longer want the name. */
  given(slot: Slot, realm: string): (Person & { isGroup: boolean; name: string }) | undefined {
    const row = this.#database.get(GIVEN, slot);
    if (row === undefined) return undefined;
    const person = { forest: String(row.forest), anchor: String(row.anchor) };
    const name = text(row.group_name);
    if (name !== null) return { ...person, name, isGroup: true };
    const account = this.wanting(slot, realm).find(one => isSamePerson(one, person));
    if (account) return { ...person, name: account.wantedName ?? account.anchor, isGroup: false };
    this.#database.run('DELETE FROM given_names WHERE slot = ?', slot);
    return undefined;
  }

  withDigits(key: string): NamedAccount[] {
    return this.#accounts(WITH_DIGITS, key);
  }

  /** Whether the name was ever wanted for an account of another forest, deleted or not. */
  wasWantedElsewhere(name: string, forest: string): boolean {
    const sql = 'SELECT 1 FROM accounts WHERE name_key(wanted_name) = ? AND forest <> ? LIMIT 1';
    return this.#database.all(sql, nameKey(name), forest).length > 0;
  }

  /** The present names of an account in the directory, and how they came about. */
  save(
    { forest, anchor }: Person,
    names: Omit<NamedAccount, 'anchor' | 'forest' | 'objectGuid' | 'wantedName' | 'wantedPrincipal'>,
  ): void {
    this.#database.run(
      `UPDATE accounts SET has_name = ?, has_principal = ?, keeps_digits = ?, digits_key = ?
        WHERE forest = ? AND anchor = ?`,
      ...[names.samAccountName, names.userPrincipalName, Number(names.keepsDigits), names.digitsKey],
      ...[forest, anchor],
    );
  }

  /** Accounts whose names differ from what their forest says, by anchor. */
  differing(limit: number): NamedAccount[] {
    const differs = '(has_name IS NOT wanted_name OR has_principal IS NOT wanted_principal)';
    const sql = `${ACCOUNTS} AND managed_guid IS NOT NULL AND ${differs} ORDER BY forest, anchor LIMIT ?`;
    return this.#accounts(sql, limit);
  }

  /** Lets users who want this name lose the digits that another forest's claim to it left them with. */
  takeDigits(name: string, person?: Person): void {
    const one = person === undefined ? '' : ' AND forest = ? AND anchor = ?';
    const sql = `UPDATE accounts SET keeps_digits = 0 WHERE name_key(wanted_name) = ? AND keeps_digits = 1${one}`;
    this.#database.run(sql, nameKey(name), ...(person === undefined ? [] : [person.forest, person.anchor]));
  }

  /** Names to check now, the one that has waited longest first. */
  due(now: number, limit: number): DueName[] {
    const sql = 'SELECT key, tries FROM names_due WHERE try_at <= ? ORDER BY try_at LIMIT ?';
    return this.#database
      .all(sql, now, limit)
      .map(row => ({ key: String(row.key), tries: Number(row.tries) }));
  }

  /** When the next name is to be checked, in milliseconds since 1970; undefined if there is none. */
  nextDue(): number | undefined {
    const at = this.#database.get('SELECT min(try_at) AS at FROM names_due')!.at;
    return at === null ? undefined : Number(at);
  }

  isAnyDue(now: number): boolean {
    return (this.nextDue() ?? Number.POSITIVE_INFINITY) <= now;
  }

  touch(keys: readonly string[]): void {
    for (const key of keys) {
      this.#database.run('INSERT OR REPLACE INTO names_due (key, tries, try_at) VALUES (?, 0, 0)', key);
    }
  }

  postpone(key: string, tries: number, at: number): void {
    this.#database.run('UPDATE names_due SET tries = ?, try_at = ? WHERE key = ?', tries, at, key);
  }

  done(key: string): void {
    this.#database.run('DELETE FROM names_due WHERE key = ?', key);
  }

  #bySlot(what: 'wanted' | 'has', slot: Slot, realm: string): NamedAccount[] {
    const key = slot.slice(2);
    const { name, principal } = BY_KEY[what];
    if (slot.startsWith('p:')) return this.#accounts(principal, key);
    const byName = this.#accounts(name, key);
    const byPrincipal = this.#accounts(principal, `${key}@${nameKey(realm)}`);
    return [...byName, ...byPrincipal.filter(one => !byName.some(other => isSamePerson(one, other)))];
  }

  #accounts(sql: string, ...values: SQLInputValue[]): NamedAccount[] {
    return this.#database.all(sql, ...values).map(accountOf);
  }
}

/** The slot of a name that is due. */
export function slotOfKey(key: string, realm: string): Slot {
  return key.startsWith('p:') ? slotOfPrincipal(key.slice(2), realm) : key;
}

/** The book as naming sees it. Only accounts and groups of the ledger stand in the way of a name. */
export function viewOf(book: NameBook, realm: string): NameView {
  return {
    owner: slot => book.owner(slot)?.forest,
    wanting: slot => book.wanting(slot, realm),
    holding: slot => book.holding(slot, realm),
    withDigits: key => book.withDigits(key),
    obstacle: slot => {
      const given = book.given(slot, realm);
      const group = given?.isGroup ? given : book.groupCalled(slot);
      return group && { code: 'name-taken', detail: `${group.name}, a group of ${group.forest}` };
    },
  };
}

function accountOf(row: Row): NamedAccount {
  return {
    anchor: String(row.anchor),
    forest: String(row.forest),
    objectGuid: String(row.object_guid),
    wantedName: text(row.wanted_name),
    wantedPrincipal: text(row.wanted_principal),
    samAccountName: text(row.has_name),
    userPrincipalName: text(row.has_principal),
    keepsDigits: row.keeps_digits === 1,
    digitsKey: text(row.digits_key),
  };
}
