import { type HttpServer, type LocalSocket, listen, serveLocally } from '@causeway/api';
import {
  type Clock,
  createLog,
  describeError,
  type Log,
  runServices,
  type Service,
  setHeapGrowth,
} from '@causeway/service';
import { adminHandlers } from './admin/handlers.ts';
import { makeAdminServer } from './admin/serve-admin-api.ts';
import { adminSocket, announceSocket } from './admin/socket.ts';
import type { ConnectConfiguration } from './configuration.ts';
import { HeadService } from './heads/head-service.ts';
import { Connect } from './sync/connect.ts';
import { ConnectorService } from './sync/connector-service.ts';

/** Connect shares its machine with other programs. At 100 % a full pass takes 3 % less time, and 40 to 80 MB more memory. */
const HEAP_GROWTH_PERCENT = 50;

/** Runs the service: its connectors and the admin API. Restarts it whenever it changed places with another Connect. */
export async function runConnect(configuration: ConnectConfiguration, clock?: Clock): Promise<void> {
  setHeapGrowth(HEAP_GROWTH_PERCENT);
  const log = createLog('connect');
  while (await runUntilTurned(configuration, log, clock));
}

/** @returns whether it changed places with another Connect */
async function runUntilTurned(
  configuration: ConnectConfiguration,
  log: Log,
  clock: Clock | undefined,
): Promise<boolean> {
  const stopping = new AbortController();
  const connect = await Connect.open(configuration, log, stopping.signal, clock);
  const synchronization = synchronizationOf(connect);
  const handlers = adminHandlers(connect, () => {
    for (const forest of connect.forests) forest.wake();
  });
  const local = makeAdminServer(connect, handlers, { side: 'socket' });
  const services = [
    serving('local admin API', local, stopping, async () => {
      const socket = adminSocket(configuration);
      await serveLocally(local, configuration.stateDirectory, socket);
      if (socket) announce(socket, log);
    }),
  ];
  const { listen: address, tls } = configuration.adminApi ?? {};
  if (address) {
    const network = makeAdminServer(connect, handlers, { side: 'network', tls });
    services.push(
      serving('admin API', network, stopping, async () => {
        log.info({ url: await listen(network, address, tls !== undefined) }, 'admin API is listening');
      }),
    );
  }
  try {
    const starts = connect.staging ? 'Connect starts: it stages, and sends nothing' : 'Connect starts';
    connect.store.events.add('started', null, starts);
    for (const connector of connect.connectors) connector.startChannel();
    const until = connect.turned;
    const turned = await runServices([...services, ...synchronization], log, { until });
    connect.store.events.add('stopping', null, 'Connect stops');
    return turned;
  } finally {
    await connect.close();
  }
}

/** The services that need no request: the connectors, and the heads of their forests. A Connect that stages signs no heads. */
export function synchronizationOf(connect: Connect): Service[] {
  const { scheduler } = connect.store;
  const forests = connect.staging ? [] : connect.forests;
  return [
    ...connect.connectors.map(connector => new ConnectorService(connector, connect)),
    ...forests.map(
      forest => new HeadService(forest.context, scheduler, forest.comparison, () => forest.wake()),
    ),
  ];
}

/** Lets other programs find the socket. Connect runs without it, too. */
function announce(socket: LocalSocket, log: Log): void {
  try {
    announceSocket(socket);
  } catch (error) {
    log.warn({ err: describeError(error) }, 'cannot announce the socket to other programs');
  }
}

function serving(
  name: string,
  server: HttpServer,
  stopping: AbortController,
  begin: () => Promise<void>,
): Service {
  return {
    name,
    run: async signal => {
      await begin();
      await new Promise<void>(resolve => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      stopping.abort();
      await server.close();
    },
  };
}
