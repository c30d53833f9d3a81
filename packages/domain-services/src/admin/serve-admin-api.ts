import { CallError, createServer, type HttpServer, type RegisteredRoute, serveTable } from '@causeway/api';
import { domainRoutes } from '@causeway/contract';
import { CausewayError, type Log } from '@causeway/service';
import type { AdminHandlers } from './handlers.ts';

/** The HTTP server of the local API. @param onRoute receives every route as it is registered */
export function makeAdminServer(
  handlers: AdminHandlers,
  log: Log,
  onRoute?: (route: RegisteredRoute) => void,
): HttpServer {
  const server = createServer({ log });
  if (onRoute) server.addHook('onRoute', onRoute);
  serveTable(server, domainRoutes, handlers, { callerOf: () => undefined, around: inTheTenantsWords });
  return server;
}

/** Passes the tenant's error on to the caller, not only to the log. */
async function inTheTenantsWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { code, message, status } = error;
    throw CausewayError.passOn({ code, message, status: status || 503 }, { cause: error });
  }
}
