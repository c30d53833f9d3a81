import {
  bearerToken,
  createServer,
  type HttpRequest,
  type HttpServer,
  type RegisteredRoute,
  serveRoute,
} from '@causeway/api';
import { connectAdministrationRoutes, type Route } from '@causeway/contract';
import { CausewayError, describeError } from '@causeway/service';
import type { Connect } from '../sync/connect.ts';
import type { AdminHandlers, AdminInput } from './handlers.ts';

export interface AdminServerOptions {
  /** `socket`: whoever may open it may do everything. `network`: a token is needed, and some routes are not there at all. */
  readonly side: 'socket' | 'network';
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** Is shown every route as it is registered. */
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
  const callers = new WeakMap<HttpRequest, string>();
  const onRequest = async (request: HttpRequest): Promise<void> => {
    callers.set(
      request,
      side === 'socket' ? 'an administrator at the local socket' : tokenHolder(connect, request),
    );
  };
  for (const [name, route] of Object.entries<Route>(connectAdministrationRoutes)) {
    if (side === 'network' && !route.access.includes('operator')) continue;
    const handler = handlers[name as keyof AdminHandlers] as (
      input: AdminInput<Route>,
      caller: string,
    ) => unknown;
    serveRoute(server, route, { onRequest }, async (input, request) =>
      telling(async () => handler(input, callers.get(request)!)),
    );
  }
  return server;
}

/** @throws CausewayError 'unauthorized' */
function tokenHolder({ store }: Connect, request: HttpRequest): string {
  const token = bearerToken(request);
  const name = token === undefined ? undefined : store.tokens.find(token);
  if (name !== undefined) return `the holder of token '${name}'`;
  throw new CausewayError(
    'unauthorized',
    'this needs a token that is valid now: causeway connect token create NAME',
    {
      status: 401,
    },
  );
}

/** Whoever may call this may know why something failed: a tenant or a domain controller that does not answer. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? 'failed';
    const status = cause instanceof CausewayError ? cause.status : 502;
    throw new CausewayError(code, describeError(cause), { cause, status });
  }
}
