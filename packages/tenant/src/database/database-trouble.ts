import { CausewayError } from '@causeway/service';
import type { DatabaseConnection, Dialect, Driver } from 'kysely';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SQLSTATE = {
  diskFull: '53100',
  inputOutput: '58030',
  /** PostgreSQL's code for a read-only file system. It also means a missing right, but then the error names another source file. */
  insufficientPrivilege: '42501',
  readOnlyTransaction: '25006',
} as const;
/** The source files of PostgreSQL that write files. */
const WRITES_FILES = /^(md|fd|xlog\w*|slru|smgr|buffile|file_\w+|relmapper|timeline|reinit|twophase)\.c$/;
/** Connection exceptions, lack of resources, a server that starts or stops, and errors of the operating system. */
const PASSING = /^(08|53|57P|58)/;
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOENT']);
/** The driver gives these errors no code. */
const LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/**
 * Recognizes a database that cannot work now: its disk is full or read-only, or it cannot be reached. The caller is not at fault, so
 * it gets a 503 to retry, without internal details.
 * @returns undefined for every other error
 */
export function databaseTrouble(error: unknown): CausewayError | undefined {
  if (error instanceof CausewayError) return undefined;
  const { code = '', message = '', file = '' } = (error ?? {}) as Record<string, string | undefined>;
  const again = 'try again later; nothing was stored';
  if (code === SQLSTATE.diskFull) {
    return unavailable(
      'disk-full',
      `no space left on device: the tenant's database is full: ${again}`,
      error,
    );
  }
  const readOnly = code === SQLSTATE.insufficientPrivilege && WRITES_FILES.test(file);
  if (readOnly || code === SQLSTATE.inputOutput || code === SQLSTATE.readOnlyTransaction) {
    const text = `the tenant's database cannot be written, its disk is read-only or fails: ${again}`;
    return unavailable('disk-failed', text, error);
  }
  if (PASSING.test(code) || UNREACHABLE.has(code) || LOST.test(message)) {
    return unavailable('database-unavailable', `the tenant's database does not answer: ${again}`, error);
  }
  return undefined;
}

function unavailable(
  code: 'disk-full' | 'disk-failed' | 'database-unavailable',
  message: string,
  cause: unknown,
): CausewayError {
  const error = new CausewayError(code, message, { cause });
  return Object.assign(error, { statusCode: error.status }); // oidc-provider takes its status from here
}

/** PostgreSQL stops the whole server after these. The embedded one cannot, and hangs at the next query. */
export const isFatal = (error: unknown): boolean =>
  ['PANIC', 'FATAL'].includes(String((error as { severity?: unknown } | undefined)?.severity));

/** A dialect that reports its failures as `databaseTrouble`, whichever code ran the query. */
export function telling(dialect: Dialect): Dialect {
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw databaseTrouble(error) ?? error;
    }
  };
  return {
    createDriver: () => tellingDriver(dialect.createDriver(), told),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: database => dialect.createIntrospector(database),
  };
}

type Told = <T>(work: () => Promise<T>) => Promise<T>;

/** Replaces methods in place: drivers recognize their own connections, so these must stay the same objects. */
function tellingDriver(driver: Driver, told: Told): Driver {
  const seen = new WeakSet<DatabaseConnection>();
  const { acquireConnection, beginTransaction, commitTransaction } = driver;
  return Object.assign(driver, {
    acquireConnection: async (...input: Parameters<typeof acquireConnection>) => {
      const connection = await told(() => acquireConnection.apply(driver, input));
      if (seen.has(connection)) return connection;
      seen.add(connection);
      const { executeQuery } = connection;
      connection.executeQuery = (...query) => told(() => executeQuery.apply(connection, query)) as never;
      return connection;
    },
    beginTransaction: (...input: Parameters<typeof beginTransaction>) =>
      told(() => beginTransaction.apply(driver, input)),
    commitTransaction: (...input: Parameters<typeof commitTransaction>) =>
      told(() => commitTransaction.apply(driver, input)),
  });
}
