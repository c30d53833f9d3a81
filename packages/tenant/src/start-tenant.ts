import { listen, serveLocally } from '@causeway/api';
import {
  type CausewayError,
  type Clock,
  describeError,
  type Log,
  lockStateSoon,
  realClock,
  reportError,
  type Service,
} from '@causeway/service';
import { keepDigests } from './comparison/check-digests.ts';
import { type DatabaseLocation, databaseLocation, type TenantConfiguration } from './configuration.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { makeLocalServer, makePublicServer } from './server.ts';
import { Installation } from './tenancy/installation.ts';

export interface RunningTenant {
  /** Where clients reach it. */
  readonly publicUrl: string;
  readonly database: Database;
  close(): Promise<void>;
}

export interface StartOptions {
  /** Replaces the one from configuration and environment. */
  readonly database?: DatabaseLocation;
  /** A database that is already open; it stays open. */
  readonly opened?: Database;
  /** The machine's when absent. */
  readonly clock?: Clock;
  /** Receives the text of every SQL statement, never its parameters. */
  readonly onQuery?: (statement: string) => void;
  /** See `DatabaseOptions`. */
  readonly onFatal?: (reason: CausewayError) => void;
}

/** Starts the tenant service: lock, database, local API, public API. If a step fails, it undoes the earlier ones. */
export async function startTenant(
  configuration: TenantConfiguration,
  log: Log,
  options: StartOptions = {},
): Promise<RunningTenant> {
  const undo: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const lock = await lockStateSoon(configuration.stateDirectory);
    undo.push(() => lock.release());
    const location = options.database ?? databaseLocation(configuration);
    const database = options.opened ?? (await openDatabase(location, options));
    if (!options.opened) undo.push(() => database.destroy());

    const installation = new Installation(database, options.clock ?? realClock);
    const ending = new AbortController();
    const digests = keepDigests(installation, log, ending.signal);
    undo.push(() => {
      ending.abort();
      return digests;
    });

    let publicUrl = configuration.publicUrl;
    const context = {
      installation,
      log,
      publicUrl: () => publicUrl ?? '',
      minimumAgentVersion: configuration.minimumAgentVersion,
    };
    const server = makePublicServer(context, configuration);
    undo.push(() => server.close());
    const address = await listen(server, configuration.listen, configuration.tls !== undefined);
    publicUrl ??= address;
    const local = makeLocalServer(context);
    undo.push(() => local.close());
    await serveLocally(local, configuration.stateDirectory);
    log.info({ address, publicUrl, database: location.kind }, 'tenant service is listening');
    return { publicUrl, database, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The tenant service for `runServices`. */
export function tenantService(configuration: TenantConfiguration, log: Log): Service {
  return {
    name: 'tenant',
    async run(signal) {
      const running = await startTenant(configuration, log, { onFatal: reason => endNow(reason, log) });
      if (!signal.aborted) {
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
      }
      await running.close();
    },
  };
}

/** The operating system releases what the process holds. Nothing uncommitted has been acknowledged. */
function endNow(reason: CausewayError, log: Log): never {
  log.fatal({ err: describeError(reason) }, 'the embedded database has ended; stopping');
  process.exit(reportError(reason, false));
}
