import {
  bearerToken,
  createServer,
  type HttpRequest,
  type HttpServer,
  type RegisteredRoute,
  type RouteTable,
  serveTable,
} from '@causeway/api';
import { type Route, connectAdministrationRoutes as routes } from '@causeway/contract';
import { CausewayError, describeError } from '@causeway/service';
import type { Connect } from '../sync/connect.ts';
import type { AdminHandlers } from './handlers.ts';

export interface AdminServerOptions {
  /** `socket`: every program that may open it may do everything. `network`: needs a token, and leaves some routes out. */
  readonly side: 'socket' | 'network';
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** Called for each route when it is registered. */
  readonly onRoute?: (route: RegisteredRoute) => void;
}

/** The HTTP server of the admin API, for one of its two sides. */
export function makeAdminServer(
  connect: Connect,
  handlers: AdminHandlers,
  { side, tls, onRoute }: AdminServerOptions,
): HttpServer {
  const server = createServer({ log: connect.log, tls });
  if (onRoute) server.addHook('onRoute', onRoute);
  serveTable(server, routesOf(side), handlers, {
    callerOf: request =>
      side === 'socket' ? 'an administrator at the local socket' : tokenHolder(connect, request),
    around: telling,
  });
  return server;
}

/** INVARIANT: a route for the socket alone does not exist over the network. */
function routesOf(side: AdminServerOptions['side']): RouteTable {
  const all = Object.entries<Route>(routes);
  return Object.fromEntries(all.filter(([, { access }]) => side === 'socket' || access.includes('operator')));
}

/** @throws CausewayError 'unauthorized' */
function tokenHolder({ store }: Connect, request: HttpRequest): string {
  const token = bearerToken(request);
  const name = token === undefined ? undefined : store.tokens.find(token);
  if (name !== undefined) return `the holder of token '${name}'`;
  throw new CausewayError('unauthorized', 'this needs a valid token of the admin API');
}

/** Passes the cause on: a caller of this API may know why a tenant or domain controller failed. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? 'failed';
    const status = cause instanceof CausewayError ? cause.status : 502;
    throw CausewayError.passOn({ code, message: describeError(cause), status }, { cause });
  }
}
