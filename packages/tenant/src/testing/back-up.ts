import { sql } from 'kysely';
import type { Database } from '../database/open-database.ts';

let count = 0;

/**
 * Copies the current content of a tenant's database.
 * @returns puts it back, as often as needed: like a restore of this day, with the service running
 */
export async function backUp(database: Database): Promise<() => Promise<void>> {
  const schema = sql.id(`backup_${++count}`);
  await sql`create schema ${schema}`.execute(database);
  const { rows } = await sql<{ tablename: string }>`
    select tablename from pg_tables where schemaname = 'public'`.execute(database);
  const tables = rows.map(({ tablename }) => sql.id(tablename));
  for (const table of tables)
    await sql`create table ${schema}.${table} as table public.${table}`.execute(database);
  return () =>
    database.transaction().execute(async transaction => {
      // The rows are as they were, so the triggers have nothing to do.
      await sql`set local session_replication_role = replica`.execute(transaction);
      await sql`truncate ${sql.join(tables)}`.execute(transaction);
      for (const table of tables)
        await sql`insert into public.${table} select * from ${schema}.${table}`.execute(transaction);
    });
}
