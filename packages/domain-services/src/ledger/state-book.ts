import type { StateDatabase } from '@causeway/service';

export type StateName =
  | 'cursor'
  /** Where it is in the feed of groups. */
  | 'groupCursor'
  /** When the feed of groups was read to its end last; empty while more of it is there. */
  | 'groupsReadAt'
  /** When the SIDs of accounts that a release before made were read. */
  | 'shadowsLearnt'
  /** Whose on-premises SIDs stand in the directory, as the configuration said last. */
  | 'onPremisesSids'
  /** JSON: who has so many on-premises SIDs that Windows may refuse them; see `upkeep/token-watch.ts`. */
  | 'fullTokens'
  | 'caughtUpAt'
  | 'readAt'
  /** Fingerprint of another key than the pinned one that the tenant shows as its own; empty when there is none. */
  | 'offeredTenantKey'
  /** When the accounts of the directory were taken over last; empty when that is due. */
  | 'adoptedAt'
  /** JSON: what the directory has of ours beside accounts; see `ledger/generation.ts`. */
  | 'generation'
  /** From which RID on none was given away, as far as that was seen. */
  | 'freeRids'
  | 'receiptSequence'
  /** JSON: how often and when the feed was read again for a forest's sake; see `heads/read-again.ts`. */
  | 'readAgain'
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

/** Named values of the agent's own: where it is in the feed, what is allowed. */
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
      // What is read again for anybody's sake is read of groups, too.
      this.set('groupCursor', '');
      this.set('groupsReadAt', '');
    }
    this.#database.run('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)', name, value);
  }
}
