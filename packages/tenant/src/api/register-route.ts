import type { ReplyOf, Route } from '@causeway/contract';
import { CausewayError, type Log } from '@causeway/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller, Installation } from '../installation.ts';

/** What a handler gets: everything checked against the contract. */
export interface Input<R extends Route> {
  readonly params: R extends Route<infer P> ? z.output<P> : never;
  readonly query: R extends Route<z.ZodType, infer Q> ? z.output<Q> : never;
  readonly body: R extends Route<z.ZodType, z.ZodType, infer B> ? z.output<B> : never;
  /** Where the request comes from, for the log. */
  readonly address: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export type Handler<R extends Route> = (input: Input<R>, caller: Caller) => Promise<ReplyOf<R>>;
export type OpenHandler<R extends Route> = (input: Input<R>) => Promise<ReplyOf<R>>;

export interface RouteContext {
  readonly installation: Installation;
  readonly log: Log;
}

export interface RouteOptions {
  readonly bodyLimit?: number;
  /** Checks the body instead of the contract's schema, where a handler judges each item of a batch itself. */
  readonly body?: z.ZodType;
}

/** Registers a route of the contract that needs a token: its role is checked, then every input, then the reply. */
export function registerRoute<R extends Route>(
  server: FastifyInstance,
  context: RouteContext,
  route: R,
  handler: Handler<R>,
  options: RouteOptions = {},
): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  // Before the body is read: what comes from nobody is not even parsed.
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    const caller = await authenticate(context.installation, request);
    if (!route.access.includes(caller.role)) {
      throw new CausewayError('forbidden', `this needs a token of ${route.access.join(' or ')}`, {
        status: 403,
      });
    }
    callers.set(request, caller);
  };
  register(server, route, { ...options, onRequest }, (input, request) => {
    const caller = callers.get(request)!;
    refuseOtherForest(caller, input.body);
    return handler(input, caller);
  });
}

/** INVARIANT: a Connect speaks for the forests that it was enrolled for, whatever the route. */
function refuseOtherForest(caller: Caller, body: unknown): void {
  if (caller.role !== 'connect') return;
  const forest = (body as { forest?: unknown } | undefined)?.forest;
  if (typeof forest !== 'string' || caller.forests.includes(forest)) return;
  throw new CausewayError(
    'other-forest',
    `this Connect is not enrolled for the forest '${forest}': an administrator allows it with 'causeway tenant agents set-forests ${caller.agentId} ${[...caller.forests, forest].join(' ')}'`,
    { status: 403 },
  );
}

/** Registers a route that needs no token. @throws RangeError for one that the contract does not call public or local */
export function registerOpenRoute<R extends Route>(
  server: FastifyInstance,
  route: R,
  handler: OpenHandler<R>,
): void {
  if (!route.access.every(access => access === 'public' || access === 'local')) {
    throw new RangeError(`${route.method} ${route.path} needs a token`);
  }
  register(server, route, {}, handler);
}

function register<R extends Route>(
  server: FastifyInstance,
  route: R,
  options: RouteOptions & { onRequest?: (request: FastifyRequest) => Promise<void> },
  work: (input: Input<R>, request: FastifyRequest) => Promise<unknown>,
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
        params: parse('params', route.params, request.params),
        query: parse('query', route.query, request.query),
        body: parse('body', body, request.body),
        address: request.ip,
        signal: gone.signal,
      };
      const answer = await work(input as Input<R>, request);
      reply.header('cache-control', 'no-store');
      return reply.send(route.reply.parse(answer));
    },
  });
}

async function authenticate(installation: Installation, request: FastifyRequest): Promise<Caller> {
  const token = /^Bearer ([A-Za-z0-9_-]{20,200})$/i.exec(request.headers.authorization ?? '')?.[1];
  const caller = token === undefined ? undefined : await installation.findCaller(token);
  if (caller) return caller;
  throw new CausewayError('unauthorized', 'this needs a token that is valid now', { status: 401 });
}

const MAX_ISSUES = 5;

/** @throws CausewayError 'bad-request' that names the fields, never their values */
function parse(part: string, schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, MAX_ISSUES)
    .map(issue => `${[part, ...issue.path].join('.')}: ${issue.message}`);
  throw new CausewayError('bad-request', issues.join('; ').slice(0, 1000));
}
