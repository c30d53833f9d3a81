import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDatabase } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { Ledger } from '../ledger/ledger.ts';
import type { Person } from '../person.ts';

/** What a test says of a group; columns of the ledger. */
export interface GroupRow {
  object_sid?: string | null;
  security_enabled?: number;
  deleted?: number;
  has_name?: string | null;
  managed_guid?: string | null;
  last_managed_guid?: string | null;
  sequence?: number | null;
}

/** A ledger with rows of groups and memberships in it as the keeper of groups leaves them. */
export class LedgerWithGroups {
  readonly ledger: Ledger;
  readonly #folder = mkdtempSync(join(tmpdir(), 'causeway-groups-'));
  readonly #rows: StateDatabase;

  constructor() {
    const file = join(this.#folder, 'ledger.db');
    this.ledger = new Ledger(file);
    this.#rows = new StateDatabase(file);
    this.#rows.function('name_key', { deterministic: true }, name =>
      name === null ? null : nameKey(String(name)),
    );
    this.#rows.function('bucket_of', { deterministic: true }, anchor => Number(anchor === null));
  }

  /** Puts down what changed of a group; one that is new is in the directory, a security group. */
  save({ forest, anchor }: Person, changes: GroupRow = {}): void {
    const made = { security_enabled: 1, managed_guid: `guid of ${anchor}`, has_name: anchor, sequence: 1 };
    const isKnown = this.#rows.get('SELECT 1 FROM groups WHERE forest = ? AND anchor = ?', forest, anchor);
    const row = Object.entries(isKnown ? changes : { ...made, ...changes });
    const [names, values] = [row.map(([name]) => name), row.map(([, value]) => value)];
    const sql = isKnown
      ? `UPDATE groups SET ${names.map(name => `${name} = ?`).join(', ')} WHERE forest = ? AND anchor = ?`
      : `INSERT INTO groups (${names.join(', ')}, object_guid, forest, anchor) VALUES (${names.map(() => '?').join(', ')}, '', ?, ?)`;
    this.#rows.run(sql, ...values, forest, anchor);
  }

  /** The group has these members in the directory, by objectGUID. */
  members({ forest, anchor }: Person, guids: readonly string[]): void {
    for (const guid of guids)
      this.#rows.run(
        'INSERT INTO memberships (forest, anchor, key, reference, sequence, written, due) VALUES (?, ?, ?, ?, 1, ?, 0)',
        ...[forest, anchor, guid, guid, guid],
      );
  }

  close(): void {
    this.#rows.close();
    this.ledger.close();
    rmSync(this.#folder, { recursive: true });
  }
}
