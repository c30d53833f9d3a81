import type { ReplyOf, Route } from '@causeway/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ServedInput, serveRoute } from './serve-route.ts';

/** Routes of a contract by their names. */
export type RouteTable = Readonly<Record<string, Route>>;

/** A handler's input, checked against the contract. */
export type Asked<R extends Route> = Pick<ServedInput<R>, 'params' | 'query' | 'body'>;

/** A handler for each route of a table. `Caller`: who makes the request. */
export type Handlers<T extends RouteTable, Caller> = {
  readonly [N in keyof T]: (input: Asked<T[N]>, caller: Caller) => Promise<ReplyOf<T[N]>> | ReplyOf<T[N]>;
};

export interface ServeTableOptions<Caller> {
  /** Who makes the request. Runs before the body is read, and throws for a caller without the right. */
  readonly callerOf: (request: FastifyRequest) => Caller;
  /** Runs the handler. May turn an error into one that the caller understands. */
  readonly around?: <Reply>(work: () => Promise<Reply>) => Promise<Reply>;
}

/** Registers a table of routes, each with its handler. */
export function serveTable<T extends RouteTable, Caller>(
  server: FastifyInstance,
  routes: T,
  handlers: Handlers<T, Caller>,
  { callerOf, around = work => work() }: ServeTableOptions<Caller>,
): void {
  const callers = new WeakMap<FastifyRequest, { caller: Caller }>();
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    callers.set(request, { caller: callerOf(request) });
  };
  for (const [name, route] of Object.entries(routes)) {
    const handler = handlers[name] as Handlers<RouteTable, Caller>[string];
    serveRoute(server, route, { onRequest }, (input, request) =>
      around(async () => handler(input, callers.get(request)!.caller)),
    );
  }
}
