import {
  bearerToken,
  type HttpRequest,
  type HttpServer,
  type ServedInput,
  type ServeOptions,
  serveRoute,
} from '@causeway/api';
import {
  ACCEPTS_HEADER,
  type AccessOf,
  isVersion,
  type ReplyOf,
  type Route,
  RUN_HEADER,
  readAccepts,
  readRun,
  type SeenRun,
  VERSION_HEADER,
} from '@causeway/contract';
import { CausewayError, type Log } from '@causeway/service';
import type { z } from 'zod';
import { refuseOldAgent } from '../clients/agents.ts';
import { stages } from '../clients/staging.ts';
import { findUser } from '../people/users.ts';
import type { Agent, Caller, Installation } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** What a handler receives, all checked against the contract. */
export type Input<R extends Route> = ServedInput<R>;

/** Who calls a route, as narrow as its table of access allows: a handler of administrators' routes gets an administrator. */
export type CallerOf<R extends Route> = Extract<Caller, { role: AccessOf<R> }>;
export type Handler<R extends Route> = (input: Input<R>, caller: CallerOf<R>) => Promise<ReplyOf<R>>;
/** A route that needs no token. */
export type OpenRoute = Route<z.ZodType, z.ZodType, z.ZodType, z.ZodType, 'public' | 'local'>;
export type OpenHandler<R extends Route> = (input: Input<R>) => Promise<ReplyOf<R>>;

export interface RouteContext {
  readonly installation: Installation;
  readonly log: Log;
  readonly minimumAgentVersion: string;
}

export type RouteOptions = Omit<ServeOptions, 'onRequest'>;

/** Registers a route of the contract that needs a token. It checks the role, then every input, then the reply. */
export function registerRoute<R extends Route>(
  server: HttpServer,
  context: RouteContext,
  route: R,
  handler: Handler<R>,
  options: RouteOptions = {},
): void {
  const callers = new WeakMap<HttpRequest, CallerOf<R>>();
  const enter = async (request: HttpRequest): Promise<CallerOf<R>> => {
    const caller = await authenticate(context, request);
    if (caller.role === 'connect') refuseOldAgent(caller.version, context.minimumAgentVersion);
    if (!mayCall(route, caller))
      throw new CausewayError('forbidden', `this needs a token of ${route.access.join(' or ')}`);
    refuseToStage(route, caller);
    return caller;
  };
  const onRequest = async (request: HttpRequest): Promise<void> => {
    callers.set(request, await enter(request));
  };
  serveRoute(server, route, { ...options, onRequest }, async (input, request) => {
    // A body arrives at the client's pace: reject the call if the token ended meanwhile.
    const caller = route.body === undefined ? callers.get(request)! : await enter(request);
    refuseOtherForest(caller, input.body);
    return handler(input, caller);
  });
}

const mayCall = <R extends Route>({ access }: R, caller: Caller): caller is CallerOf<R> =>
  access.includes(caller.role);

/** INVARIANT: no route accepts anything from a staging Connect, unless its table says that it only reads. */
function refuseToStage(route: Route, caller: Caller): void {
  if (caller.role === 'connect' && caller.staging && !route.staging) throw stages();
}

/** INVARIANT: a Connect speaks only for the forests that it was enrolled for, whatever the route. */
function refuseOtherForest(caller: Caller, body: unknown): void {
  if (caller.role !== 'connect') return;
  const forest = (body as { forest?: unknown } | undefined)?.forest;
  if (typeof forest !== 'string' || caller.forests.includes(forest)) return;
  throw new CausewayError(
    'other-forest',
    `this Connect is not enrolled for the forest '${forest}', but for ${caller.forests.join(', ') || 'none'}\nTo add it, run this at the tenant:\n  causeway tenant agents set-forests ${caller.agentId} ${[...caller.forests, forest].join(' ')}`,
  );
}

/** Registers a route that needs no token, as its table says. */
export function registerOpenRoute<R extends OpenRoute>(
  server: HttpServer,
  route: R,
  handler: OpenHandler<R>,
): void {
  serveRoute(server, route, {}, handler);
}

async function authenticate(context: RouteContext, request: HttpRequest): Promise<Caller> {
  const token = bearerToken(request);
  const said = {
    version: saidVersion(request),
    accepts: readAccepts(request.headers[ACCEPTS_HEADER]),
    run: readRun(request.headers[RUN_HEADER]),
  };
  const caller = token === undefined ? undefined : await context.installation.findCaller(token, said);
  if (!caller) throw unauthorized();
  if (caller.role !== 'admin') noteRun(context, caller, request.ip);
  return caller;
}

/** Two copies of one agent raise an alarm, but neither is stopped. */
function noteRun(
  { installation, log }: RouteContext,
  { scope, agentId, agentName, run }: Agent,
  address: string,
): void {
  const change = run && installation.runs.note(agentId, run, address);
  const agent = { tenant: scope.tenantName, agentId, agent: agentName };
  if (change === 'begin')
    log.error({ ...agent, runs: installation.runs.together(agentId) }, 'two copies of one agent are running');
  else if (change === 'end') log.info(agent, 'only one copy of the agent is running now');
}

/** For the reply to an agent that says which start of it calls. */
export function otherRuns(
  { installation }: RouteContext,
  { agentId, run }: Agent,
): { otherRuns?: SeenRun[] } {
  const others = run ? installation.runs.besides(agentId, run) : [];
  return others.length > 0 ? { otherRuns: others } : {};
}

export const unauthorized = (): CausewayError =>
  new CausewayError('unauthorized', 'this needs a valid token of the tenant');

/** The version that the agent gives; undefined if it gives none, or something else. */
function saidVersion(request: HttpRequest): string | undefined {
  const said = request.headers[VERSION_HEADER];
  return typeof said === 'string' && isVersion(said) ? said : undefined;
}

/** Keeps administrators from locking themselves out by a slip. @throws CausewayError 'own-account' */
export async function refuseOwn(scope: TenantScope, name: string, userId: string): Promise<void> {
  if ((await findUser(scope, name))?.id !== userId) return;
  throw new CausewayError('own-account', 'this is your own account');
}
