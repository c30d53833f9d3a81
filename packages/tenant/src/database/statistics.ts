import { type QueryResult, type RawBuilder, sql } from 'kysely';

/** What statements are run on. */
interface Runner {
  run<Row>(statement: () => RawBuilder<Row>): Promise<QueryResult<Row>>;
}

/** A table that is no longer than so many pages is read as quickly as it is looked up in. */
const FEW_PAGES = 16;
/** PostgreSQL's own is 100: that it takes longer, and tells more than how large a table is and which columns tell its rows apart. */
const TARGET = 10;

/**
 * Gathers statistics of each table that has become more than twice as long since that was done last. PostgreSQL itself does so a minute
 * later, and PGlite never: until then a tenant's id is taken for rare, and where a few names are looked up, all rows of the tenant are
 * read.
 * @param transaction of its own, which holds nothing that somebody waits for
 */
export async function analyzeGrown(transaction: Runner): Promise<void> {
  const { rows } = await transaction.run<{ name: string }>(
    () => sql`
      select relname as name from pg_class
      where relkind = 'r' and relnamespace = current_schema()::text::regnamespace
        and pg_relation_size(oid) > (2 * relpages + ${FEW_PAGES}) * current_setting('block_size')::bigint`,
  );
  if (rows.length === 0) return;
  await transaction.run(() => sql`set local default_statistics_target = ${sql.lit(TARGET)}`);
  for (const { name } of rows) await transaction.run(() => sql`analyze (skip_locked) ${sql.table(name)}`);
}
