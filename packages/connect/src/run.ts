import { createLog, listen, runServices, type Service, serveLocally, setHeapGrowth } from '@causeway/service';
import type { FastifyInstance } from 'fastify';
import { adminHandlers } from './admin/handlers.ts';
import { makeAdminServer } from './admin/serve-admin-api.ts';
import { adminSocket, announceSocket } from './admin/socket.ts';
import { ChannelService } from './channel-service.ts';
import type { ConnectConfiguration } from './configuration.ts';
import { Connect } from './connect.ts';
import { HeadService } from './head/head-service.ts';
import { EventId } from './store/events.ts';

/** Connect runs beside other things. At twice as much a full pass takes 3 % less time, and 40 to 80 MB more. */
const HEAP_GROWTH_PERCENT = 50;

/** The service: one channel a connector, and the admin API. */
export async function runConnect(configuration: ConnectConfiguration): Promise<void> {
  setHeapGrowth(HEAP_GROWTH_PERCENT);
  const log = createLog('connect');
  const stopping = new AbortController();
  const connect = await Connect.open(configuration, log, stopping.signal);
  const channels = connect.connectors.map(connector => new ChannelService(connector, connect));
  const heads = connect.connectors.map(({ context }) => new HeadService(context));
  const handlers = adminHandlers(connect, () => {
    for (const channel of channels) channel.nudge();
  });
  const local = makeAdminServer(connect, handlers, { side: 'socket' });
  const services = [
    serving('local admin API', local, stopping, async () => {
      const socket = adminSocket(configuration);
      await serveLocally(local, configuration.stateDirectory, socket);
      if (socket) announceSocket(socket);
    }),
  ];
  const { listen: address, tls } = configuration.adminApi ?? {};
  if (address) {
    const network = makeAdminServer(connect, handlers, { side: 'network', tls });
    services.push(
      serving('admin API', network, stopping, async () => {
        log.info({ url: await listen(network, address, tls !== undefined) }, 'the admin API listens');
      }),
    );
  }
  connect.store.events.add(EventId.started, 'info', null, 'Connect starts');
  for (const connector of connect.connectors) connector.startChannel();
  try {
    await runServices([...services, ...channels, ...heads], log);
  } finally {
    connect.store.events.add(EventId.stopping, 'info', null, 'Connect stops');
    await connect.close();
  }
}

function serving(
  name: string,
  server: FastifyInstance,
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
