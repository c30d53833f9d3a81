import type { StateDatabase } from '@causeway/service';

export type StateName =
  | 'cursor'
  /** Position in the feed of groups. */
  | 'groupCursor'
  /** When the feed of groups was last read to its end; empty while more of it is there. */
  | 'groupsReadAt'
  /** When the SIDs of accounts that an earlier release made were read. */
  | 'shadowsLearnt'
  /** Whose on-premises SIDs are in the directory, by the last configuration. */
  | 'onPremisesSids'
  /** JSON: users with so many on-premises SIDs that Windows may refuse them; see `upkeep/token-watch.ts`. */
  | 'fullTokens'
  | 'caughtUpAt'
  | 'readAt'
  /** Fingerprint of the key that the tenant shows as its own instead of the pinned one; empty if there is none. */
  | 'offeredTenantKey'
  /** When the accounts of the directory were last taken over; empty if that is due. */
  | 'adoptedAt'
  /** JSON: what the directory has of ours beside accounts; see `directory/generations/generation.ts`. */
  | 'generation'
  /** The first RID from which on none was given away, as far as seen. */
  | 'freeRids'
  | 'receiptSequence'
  /** JSON: how often and when the feed was read again for the sake of a forest; see `heads/read-again.ts`. */
  | 'readAgain'
  /** JSON: new accounts of the last 24 hours by forest, if more than pass without an alarm. */
  | 'growthAlarms'
  /** The records that this domain announced to the tenant. */
  | 'announced'
  /** How many refused records are in no list. */
  | 'unlisted'
  /** JSON: whether this domain is its tenant's, and since when; see `registration/standing.ts`. */
  | 'standing'
  /** JSON: whether the tenant says whom it proposes as administrators; see `administrators/administrators.ts`. */
  | 'proposals'
  /** JSON: the last lock of an account that the domain needs; see `directory/realm-guard.ts`. */
  | 'endedLock';

/** Named values of the agent itself, such as its position in the feed and what is allowed. */
export class StateBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  get(name: StateName): string | undefined {
    const row = this.#database.get('SELECT value FROM state WHERE name = ?', name);
    return row && String(row.value);
  }

  drop(name: StateName): void {
    this.#database.run('DELETE FROM state WHERE name = ?', name);
  }

  set(name: StateName, value: string): void {
    if (name === 'cursor' && value === '') {
      this.set('unlisted', '0');
      // Whatever makes users be read again makes groups be read again, too.
      this.set('groupCursor', '');
      this.set('groupsReadAt', '');
    }
    this.#database.run('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)', name, value);
  }
}
