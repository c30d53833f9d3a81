import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CausewayError, describeError, makePrivateDirectory, suspectDisk } from '@causeway/service';
import { PGlite } from '@electric-sql/pglite';
import { dataDir as emptyCluster } from '@electric-sql/pglite-prepopulatedfs';
import { type Dialect, Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { DatabaseLocation } from '../configuration.ts';
import { databaseTrouble, isFatal, telling } from './database-trouble.ts';
import { migrate } from './migrations.ts';
import { postgresConnection, tlsAdvice } from './postgres-connection.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;

const INT8 = pg.types.builtins.INT8;
const POOL_SIZE = 10;
/** PGlite writes a whole segment of PostgreSQL's log, and a little more. */
const PGLITE_NEEDS = 20 * 1024 * 1024;

export interface DatabaseOptions {
  /** Receives every statement's text, never its parameters. */
  readonly onQuery?: ((statement: string) => void) | undefined;
  /**
   * Called when the embedded database has stopped, as a PostgreSQL server does after a PANIC. Another query would hang the whole
   * process, so the callback must end it.
   */
  readonly onFatal?: ((reason: CausewayError) => void) | undefined;
}

/**
 * Opens the tenant's database and migrates it to this version. The same SQL runs on PostgreSQL and on PGlite (PostgreSQL
 * in the process). Queries fail as `databaseTrouble` says when the database cannot work.
 * @throws CausewayError 'disk-full', 'disk-failed' or 'database-unavailable', and 'database-tls' as `postgresConnection`
 */
export async function openDatabase(
  location: DatabaseLocation,
  { onQuery, onFatal }: DatabaseOptions = {},
): Promise<Database> {
  const database = new Kysely<Schema>({
    dialect: telling(location.kind === 'postgres' ? postgres(location) : pglite(location.directory, onFatal)),
    ...(onQuery && {
      log: event => {
        onQuery(event.query.sql);
      },
    }),
  });
  try {
    await migrate(database);
  } catch (cause) {
    if (location.kind === 'pglite' && location.directory !== undefined) {
      // Left open: if PGlite fails to write, closing it fails, too.
      const disk = suspectDisk(cause, location.directory, PGLITE_NEEDS);
      if (disk) throw disk;
    }
    await database.destroy().catch(() => undefined);
    const ours = cause instanceof CausewayError;
    if (ours && cause.code !== 'database-unavailable') throw cause;
    const where = location.kind === 'postgres' ? 'at databaseUrl' : `in '${location.directory}'`;
    throw new CausewayError(
      'database-unavailable',
      `cannot open the database ${where}: ${describeError(ours ? cause.cause : cause)}${tlsAdvice(cause)}`,
    );
  }
  return database;
}

function embeddedTrouble(error: unknown, directory: string | undefined): CausewayError {
  return (
    suspectDisk(error, directory ?? '', PGLITE_NEEDS) ??
    databaseTrouble(error) ??
    new CausewayError('database-unavailable', 'the embedded database has ended', { cause: error })
  );
}

function postgres({ url, caFile }: DatabaseLocation & { kind: 'postgres' }): Dialect {
  const pool = new pg.Pool({
    ...postgresConnection(url, caFile),
    max: POOL_SIZE,
    connectionTimeoutMillis: 10_000,
    application_name: 'causeway-tenant',
    types: {
      // The contract keeps sequences below 2^53, so a number holds every bigint stored here.
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === INT8
          ? Number
          : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  pool.on('error', () => undefined); // the next query replaces an idle connection that broke
  return new PostgresDialect({ pool });
}

function pglite(directory: string | undefined, onFatal: DatabaseOptions['onFatal']): Dialect {
  return new PGliteDialect({
    pglite: async () => {
      if (directory !== undefined) makePrivateDirectory(directory);
      const isNew = directory === undefined || !existsSync(join(directory, 'PG_VERSION'));
      const embedded = await PGlite.create({
        ...(directory && { dataDir: directory }),
        // Unpacking a finished cluster takes a third of the time of `initdb`.
        ...(isNew && { loadDataDir: await emptyCluster() }),
        parsers: { [INT8]: Number },
      });
      const { execProtocolStream } = embedded;
      // Hooked in here because PGlite itself would send a ROLLBACK next.
      embedded.execProtocolStream = (...input) =>
        execProtocolStream.apply(embedded, input).catch((error: unknown) => {
          if (isFatal(error)) onFatal?.(embeddedTrouble(error, directory));
          throw error;
        });
      return embedded;
    },
  });
}
