import type { StateDatabase } from '@causeway/service';

/** Which forest brought the SIDs of which domain. */
export class SidBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** INVARIANT: a domain's SID stays with the forest that brought it first until an administrator accepts another. */
  forestOf(domainSid: string): string | undefined {
    const row = this.#database.get('SELECT forest FROM domain_sids WHERE sid = ?', domainSid);
    return row && String(row.forest);
  }

  pin(domainSid: string, forest: string, at: string): void {
    this.#database.run(
      'INSERT OR REPLACE INTO domain_sids (sid, forest, pinned_at) VALUES (?, ?, ?)',
      ...[domainSid, forest, at],
    );
  }
}
