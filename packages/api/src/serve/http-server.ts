import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CausewayError, describeError, type Log } from '@causeway/service';
import { isLoopback } from '@causeway/wire';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';

export interface ServerOptions {
  readonly log: Log;
  /** Certificate chain and private key files (PEM). Without them plain HTTP, on loopback and sockets only. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** Addresses and networks (CIDR) of the proxies whose X-Forwarded-For is trusted; none by default. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Largest request body in bytes. */
  readonly bodyLimit?: number;
}

/** Loaded with the first server, so that commands that only call one start sooner. */
const loadFastify = (): typeof import('fastify') => createRequire(import.meta.url)('fastify');

/** Two years, for which a browser uses TLS only. */
const HSTS_SECONDS = 63_072_000;
const DEFAULT_BODY_LIMIT = 1024 * 1024;

/** A fastify server whose errors are `{error: {code, message}}`. A 500 reveals nothing internal. */
export function createServer(options: ServerOptions): FastifyInstance {
  const settings: FastifyServerOptions = {
    logger: false,
    bodyLimit: options.bodyLimit ?? DEFAULT_BODY_LIMIT,
    routerOptions: { maxParamLength: 1100 },
    requestTimeout: 60_000,
    forceCloseConnections: true,
    ...(options.trustedProxies?.length && { trustProxy: [...options.trustedProxies] }),
    ...(options.tls && {
      https: {
        cert: readFileSync(options.tls.certificateFile),
        key: readFileSync(options.tls.keyFile),
        minVersion: 'TLSv1.2',
        secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      },
    }),
  };
  const server = loadFastify().fastify(settings);
  server.addHook('onRequest', async (_request, reply) => {
    // On the raw answer, so that answers from outside fastify have it too.
    reply.raw.setHeader('x-content-type-options', 'nosniff');
    if (options.tls) reply.raw.setHeader('strict-transport-security', `max-age=${HSTS_SECONDS}`);
  });
  server.setErrorHandler((error, request, reply) => {
    const { status, code, message } = publicError(error);
    if (status >= 500) {
      options.log.error(
        { method: request.method, route: request.routeOptions.url, err: describeError(error) },
        'request failed',
      );
    }
    reply.status(status).send({ error: { code, message } });
  });
  server.setNotFoundHandler((_request, reply) => {
    reply.status(404).send({ error: { code: 'no-such-route', message: 'there is nothing at this address' } });
  });
  return server;
}

/** Lets the routes that are registered later accept HTML forms. @param bodyLimit in bytes */
export async function takeForms(server: FastifyInstance, bodyLimit: number): Promise<void> {
  await server.register(import('@fastify/formbody'), { bodyLimit });
}

function publicError(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof CausewayError)
    return { status: error.status, code: error.code, message: error.message };
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (statusCode !== undefined && statusCode < 500) {
    return {
      status: statusCode,
      code: code ?? 'bad-request',
      message: message ?? 'the request does not follow the API',
    };
  }
  return { status: 500, code: 'internal', message: 'something went wrong here; the log says more' };
}

/** @throws CausewayError for plain HTTP off loopback, or if the port is taken */
export async function listen(
  server: FastifyInstance,
  address: { host: string; port: number },
  tls: boolean,
): Promise<string> {
  if (!isLoopback(address.host) && !tls) {
    throw new CausewayError(
      'tls-needed',
      `listening on ${address.host} needs TLS, and no certificate is configured`,
    );
  }
  try {
    return await server.listen(address);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new CausewayError(
      'port-taken',
      `port ${address.port} on ${address.host} is taken by another program`,
      { cause },
    );
  }
}
