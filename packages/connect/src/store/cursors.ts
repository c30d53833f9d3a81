import type { Database } from './database.ts';

/** Everything a connector remembers as a single text value. */
export type CursorName =
  | 'dirsync-cookie'
  | 'import-generation'
  /** The rules by which everything was decided, as `rulesText` writes them. */
  | 'rules'
  /** Every object is to be decided again, although the rules are the same. */
  | 'decide-anew'
  /** Containers were added, deleted or moved since everything was decided. */
  | 'containers-changed'
  /** Why the members of the groups of the scope are not all known, in words. */
  | 'scope-groups-missing'
  /** A lagging or restored domain controller said where objects lie, so that is to be read again. */
  | 'places-owed'
  /** 'yes': tenant and managed domain accept whole profiles. */
  | 'whole-profiles'
  /** The attributes of the last full import, as JSON. A delta reports changes of the same attributes. */
  | 'imported-attributes'
  | 'replication-cookie'
  | 'usn'
  | 'invocation-id'
  /** Which of several domain controllers is read, since when and why, as JSON. */
  | 'domain-controller'
  /** What the domain controllers knew when they were read, as JSON; kept if a connector has several. */
  | 'read-vector'
  /** Since when the domain controller knows less than that, and whether everything is to be imported again afterwards, as JSON. */
  | 'lag'
  /** A domain controller was found restored, as JSON, until an administrator has decided what that means. */
  | 'restored'
  /** The difference between this machine's clock and the domain controller's if it is too large, as JSON. */
  | 'clock-difference'
  | 'last-object-cycle-at'
  | 'last-password-cycle-at'
  /** Times and results of the last password cycle and the last successful one, as JSON. */
  | 'password-cycle'
  /** 'Initial': the next automatic cycle reads everything again. */
  | 'next-policy'
  /** 'true': the next cycle imports everything again, or decides everything again. */
  | 'full-import-required'
  | 'full-sync-required'
  | 'last-error'
  /** The record versions that the managed domain signed that it reads, and its signing key, as JSON. */
  | 'signed-reads'
  /** Since when new accounts are counted: the first full import was exported. */
  | 'creations-counted'
  /** How far the tenant's changes were at the last comparison, with the tenant's seal. */
  | 'tenant-mark'
  /** When the tenant was last compared, and how many objects differed, as JSON. */
  | 'compared'
  /** Whom the managed domain lacked by its last receipt, as JSON. */
  | 'lacking'
  /** When a comparison last requested a full password pass. */
  | 'comparison-pass-at'
  /** How many new accounts of 24 hours raised an alarm, while they are above the limit. */
  | 'creations-alarm'
  /** The connectors of the forest when this one was last started, as JSON. */
  | 'domains';

export class Cursors {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  get(name: CursorName): string | undefined {
    return this.#db.get<{ value: string }>(
      'SELECT value FROM cursor WHERE connector = ? AND name = ?',
      this.#connector,
      name,
    )?.value;
  }

  /** Sets a value; undefined deletes it. */
  set(name: CursorName, value: string | undefined): void {
    if (value === undefined)
      this.#db.run('DELETE FROM cursor WHERE connector = ? AND name = ?', this.#connector, name);
    else this.#db.run('INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)', this.#connector, name, value);
  }
}
