import type { Route } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';

/** A handler's input, all of it checked against the contract. */
export interface ServedInput<R extends Route> {
  readonly params: R extends Route<infer P> ? z.output<P> : never;
  readonly query: R extends Route<z.ZodType, infer Q> ? z.output<Q> : never;
  readonly body: R extends Route<z.ZodType, z.ZodType, infer B> ? z.output<B> : never;
  /** Where the request comes from, for the log. */
  readonly address: string;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

export interface ServeOptions {
  readonly bodyLimit?: number;
  /** Checks the body instead of the contract's schema, for a handler that judges each item of a batch itself. */
  readonly body?: z.ZodType;
  /** Runs before the body is read, and throws for a caller without the right, so that a stranger's body is not even parsed. */
  readonly onRequest?: (request: FastifyRequest) => Promise<void>;
}

/** Registers a route of a contract. Checks every input, then the reply. `onRequest` decides who may call it. */
export function serveRoute<R extends Route>(
  server: FastifyInstance,
  route: R,
  options: ServeOptions,
  work: (input: ServedInput<R>, request: FastifyRequest) => Promise<unknown>,
): void {
  const body = options.body ?? route.body;
  server.route({
    method: route.method,
    url: route.path,
    config: { access: route.access },
    ...(options.bodyLimit && { bodyLimit: options.bodyLimit }),
    ...(options.onRequest && { onRequest: options.onRequest }),
    handler: async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const input = {
        params: checked('params', route.params, request.params),
        query: checked('query', route.query, request.query),
        body: checked('body', body, request.body),
        address: request.ip,
        signal: gone.signal,
      };
      const answer = await work(input as ServedInput<R>, request);
      reply.header('cache-control', 'no-store');
      return reply.send(route.reply.parse(answer));
    },
  });
}

/** The token of the Authorization header (RFC 6750 2.1), if it looks like one of ours. */
export function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]{20,200})$/i.exec(request.headers.authorization ?? '')?.[1];
}

const MAX_ISSUES = 5;

/** @throws CausewayError 'bad-request' that names the fields, never their values */
export function checked<S extends z.ZodType>(part: string, schema: S, value: unknown): z.output<S>;
export function checked(part: string, schema: z.ZodType | undefined, value: unknown): unknown;
export function checked(part: string, schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, MAX_ISSUES)
    .map(issue => `${[part, ...issue.path].join('.')}: ${issue.message}`);
  throw new CausewayError('bad-request', issues.join('; ').slice(0, 1000));
}
