import { type QueryResult, type RawBuilder, sql } from 'kysely';

/** What runs a statement. */
interface Runner {
  run<Row>(statement: () => RawBuilder<Row>): Promise<QueryResult<Row>>;
}

/** PostgreSQL reads a table of up to so many pages as fast as it looks a row up. */
const FEW_PAGES = 16;
/** PostgreSQL's default of 100 takes longer and tells more than we need: a table's size, and which columns tell its rows apart. */
const TARGET = 10;

/**
 * Gathers statistics of each table that has more than doubled since the last time. PostgreSQL itself does so a minute later, and PGlite
 * never. Until then the planner thinks that a tenant's id is rare, and reads all rows of the tenant to look up a few names.
 * @param transaction a separate one, which holds no lock that others wait for
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
