import { type DirectoryIdentity, domainSidOf } from '@causeway/active-directory';
import type { Confirmations } from '../confirmations.ts';
import type { Database } from '../database.ts';

/** The only directory that a connector reads. */
export interface PinnedDirectory {
  namingContext: string;
  domainSid: string;
  /** Null, like the two below, if nothing was pinned and only the connector space gives the directory. */
  domainGuid: string | null;
  forest: string | null;
  pinnedAt: string | null;
}

export class DirectoryPin {
  readonly #db: Database;
  readonly #confirmations: Confirmations;
  readonly #connector: string;

  constructor(db: Database, confirmations: Confirmations, connector: string) {
    this.#db = db;
    this.#confirmations = confirmations;
    this.#connector = connector;
  }

  /** The pinned directory. If none was pinned, the origin of the connector space's objects; undefined if it has none. */
  get(): PinnedDirectory | undefined {
    return this.#confirmations.pin(this.#connector) ?? this.#origin();
  }

  set(directory: DirectoryIdentity): void {
    this.#confirmations.setPin(this.#connector, directory);
  }

  /** By the SIDs and names of most of the objects. */
  #origin(): PinnedDirectory | undefined {
    const row = this.#db.get<{ sid: string; dn: string }>(
      `SELECT max(attributes ->> '$.objectSid') AS sid, max(dn) AS dn FROM connector_space
       WHERE connector = ? AND attributes ->> '$.objectSid' LIKE 'S-1-5-21-%'
       GROUP BY rtrim(attributes ->> '$.objectSid', '0123456789') ORDER BY count(*) DESC LIMIT 1`,
      this.#connector,
    );
    if (row === undefined) return undefined;
    const namingContext = /(?:^|,)(DC=[^,]+(?:,DC=[^,]+)*)$/i.exec(row.dn)?.[1];
    if (namingContext === undefined) return undefined;
    const nothingElse = { domainGuid: null, forest: null, pinnedAt: null };
    return { namingContext, domainSid: domainSidOf(row.sid), ...nothingElse };
  }
}
