import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CausewayError, describeError, makePrivateDirectory } from '@causeway/service';
import { PGlite } from '@electric-sql/pglite';
import { dataDir as emptyCluster } from '@electric-sql/pglite-prepopulatedfs';
import { type Dialect, Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { DatabaseLocation } from '../configuration.ts';
import { migrate } from './migrations.ts';
import { postgresConnection, tlsAdvice } from './postgres-connection.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;

const INT8 = pg.types.builtins.INT8;
const POOL_SIZE = 10;

/**
 * Opens the tenant's database and brings it to this version. The same SQL runs on PostgreSQL and on PGlite,
 * PostgreSQL itself in the process. `onQuery` sees every statement's text, never its parameters.
 * @throws CausewayError 'database-unreachable', and 'database-tls' as `postgresConnection`
 */
export async function openDatabase(
  location: DatabaseLocation,
  onQuery?: (statement: string) => void,
): Promise<Database> {
  const database = new Kysely<Schema>({
    dialect: location.kind === 'postgres' ? postgres(location) : pglite(location.directory),
    ...(onQuery && {
      log: event => {
        onQuery(event.query.sql);
      },
    }),
  });
  try {
    await migrate(database);
  } catch (cause) {
    await database.destroy().catch(() => undefined);
    if (cause instanceof CausewayError) throw cause;
    const where = location.kind === 'postgres' ? 'at databaseUrl' : `in '${location.directory}'`;
    throw new CausewayError(
      'database-unreachable',
      `cannot open the database ${where}: ${describeError(cause)}${tlsAdvice(cause)}`,
    );
  }
  return database;
}

function postgres({ url, caFile }: DatabaseLocation & { kind: 'postgres' }): Dialect {
  const pool = new pg.Pool({
    ...postgresConnection(url, caFile),
    max: POOL_SIZE,
    connectionTimeoutMillis: 10_000,
    application_name: 'causeway-tenant',
    types: {
      // Sequences are below 2^53 by the contract, so a number holds every bigint that is stored here.
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === INT8
          ? Number
          : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  pool.on('error', () => undefined); // an idle connection that broke is replaced at the next query
  return new PostgresDialect({ pool });
}

function pglite(directory: string | undefined): Dialect {
  return new PGliteDialect({
    pglite: async () => {
      if (directory !== undefined) makePrivateDirectory(directory);
      const isNew = directory === undefined || !existsSync(join(directory, 'PG_VERSION'));
      return PGlite.create({
        ...(directory && { dataDir: directory }),
        // Unpacking what `initdb` makes takes a third of the time that running it takes.
        ...(isNew && { loadDataDir: await emptyCluster() }),
        parsers: { [INT8]: Number },
      });
    },
  });
}
