import { createLog, createServer, runServices, type Service, serveLocally } from '@causeway/service';
import { ChannelService } from './channel-service.ts';
import type { ConnectConfiguration } from './configuration.ts';
import { Connect } from './connect.ts';
import { localRoutes } from './local-routes.ts';
import { EventId } from './store/events.ts';

/** The service: one channel a connector, and the local API. */
export async function runConnect(configuration: ConnectConfiguration): Promise<void> {
  const log = createLog('connect');
  const stopping = new AbortController();
  const connect = await Connect.open(configuration, log, stopping.signal);
  const channels = connect.connectors.map(connector => new ChannelService(connector));
  const server = createServer({ log });
  localRoutes(server, connect, () => {
    for (const channel of channels) channel.nudge();
  });
  const api: Service = {
    name: 'local API',
    run: async signal => {
      await serveLocally(server, configuration.stateDirectory);
      await new Promise<void>(resolve => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      stopping.abort();
      await server.close();
    },
  };
  connect.store.events.add(EventId.started, 'info', null, 'Connect starts');
  try {
    await runServices([api, ...channels], log);
  } finally {
    connect.store.events.add(EventId.stopping, 'info', null, 'Connect stops');
    await connect.close();
  }
}
