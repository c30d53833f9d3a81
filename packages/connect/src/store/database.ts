import { bucketOf } from '@causeway/records';
import { type Clock, StateDatabase } from '@causeway/service';
import { MIGRATIONS } from './migrations.ts';

/** Of 4 KB. A batch of passwords touches pages all over the file: those that several touched are then written back once. */
const CHECKPOINT_PAGES = 4000;
/** A pass asks for everybody in no order: with SQLite's own 2 MB, each one's page is read from the file. */
const CACHE_KB = 8000;

/** Names of connectors for `IN (…)`: literals, so that a statement of one connector stays as quick as it was. */
export const literals = (names: readonly string[]): string =>
  names.map(name => `'${name.replaceAll("'", "''")}'`).join(', ');

/** Connect's one SQLite file. INVARIANT: nothing in it is a secret: identifiers, digests, times and plain reasons. */
export class Database extends StateDatabase {
  /** Opens or makes the file and brings its schema up to date. `:memory:` for tests. */
  constructor(path: string, clock?: Clock) {
    super(path, clock);
    this.function('bucket_of', { deterministic: true }, anchor => bucketOf(String(anchor)));
    this.exec('PRAGMA foreign_keys = ON');
    this.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KB}`);
    this.migrate('state', MIGRATIONS);
  }
}
