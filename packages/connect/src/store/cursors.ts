import type { Database } from './database.ts';

/** Every place that a connector remembers; the value is text. */
export type CursorName =
  | 'dirsync-cookie'
  | 'import-generation'
  /** By which rules everything was decided, as `rulesText` makes it. */
  | 'rules'
  /** Everything is to be decided anew, although the rules are the same. */
  | 'decide-anew'
  /** Containers came, went or moved since everything was decided by them. */
  | 'containers-changed'
  /** Why not everybody is known who is in a group of the scope, in words. */
  | 'scope-groups-missing'
  /** Where things lie was said by a domain controller that lagged or was restored, and is to be read again. */
  | 'places-owed'
  /** 'yes': tenant and managed domain take whole profiles. */
  | 'whole-profiles'
  /** Which attributes the last full import brought, as JSON; a delta brings what changed of the same ones. */
  | 'imported-attributes'
  | 'replication-cookie'
  | 'usn'
  | 'invocation-id'
  /** Which of several domain controllers is read, since when and why, as JSON. */
  | 'domain-controller'
  /** What the domain controllers knew when they were read, as JSON; kept where a connector has several. */
  | 'read-vector'
  /** Since when the domain controller knows less than that, and whether all is to be imported anew afterwards, as JSON. */
  | 'lag'
  /** A domain controller was found restored, as JSON, until an administrator has said what that means. */
  | 'restored'
  /** How far this machine's clock and the domain controller's are apart, where that is too far, as JSON. */
  | 'clock-difference'
  | 'last-object-cycle-at'
  | 'last-password-cycle-at'
  /** Times and outcome of the last password cycle and of the last good one, as JSON. */
  | 'password-cycle'
  /** 'Initial': the next automatic cycle reads everything anew. */
  | 'next-policy'
  /** 'true': the next cycle imports, or decides, everything anew. */
  | 'full-import-required'
  | 'full-sync-required'
  | 'last-error'
  /** What the managed domain reads, as it signed, with the key that it signed with; as JSON. */
  | 'signed-reads'
  /** Since when new accounts are counted: everybody of the first full import was exported. */
  | 'creations-counted'
  /** How far the tenant's changes went when it was compared last, under its own seal. */
  | 'tenant-mark'
  /** When the tenant was compared last, and how many differed, as JSON. */
  | 'compared'
  /** Who lacked something in the managed domain by its last receipt, as JSON. */
  | 'lacking'
  /** When a comparison asked for a full password pass by itself. */
  | 'comparison-pass-at'
  /** New accounts of 24 hours, when they were above the limit and an alarm said so. */
  | 'creations-alarm'
  /** Which connectors the forest had when this one was started last, as JSON. */
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

  /** Sets, or with undefined forgets. */
  set(name: CursorName, value: string | undefined): void {
    if (value === undefined)
      this.#db.run('DELETE FROM cursor WHERE connector = ? AND name = ?', this.#connector, name);
    else this.#db.run('INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)', this.#connector, name, value);
  }
}
