import { bucketOf } from '@causeway/records';
import { type Clock, StateDatabase } from '@causeway/service';
import { MIGRATIONS } from './migrations.ts';

/** Pages of 4 KB. A batch of passwords touches pages across the file; a page touched by several batches is then written back once. */
const CHECKPOINT_PAGES = 4000;
/** A pass asks for every user in no order. With SQLite's default of 2 MB, each user's page would be read from the file. */
const CACHE_KB = 8000;

/** Connector names for `IN (…)`, as literals, so that a statement for one connector stays fast. */
export const literals = (names: readonly string[]): string =>
  names.map(name => `'${name.replaceAll("'", "''")}'`).join(', ');

/** Connect's one SQLite file. INVARIANT: it holds no secret, only identifiers, digests, times and plain reasons. */
export class Database extends StateDatabase {
  /** Opens or creates the file and updates its schema. `:memory:` for tests. */
  constructor(path: string, clock?: Clock) {
    super(path, clock);
    this.function('bucket_of', { deterministic: true }, anchor => bucketOf(String(anchor)));
    this.exec('PRAGMA foreign_keys = ON');
    this.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KB}`);
    this.migrate('state', MIGRATIONS);
  }
}
