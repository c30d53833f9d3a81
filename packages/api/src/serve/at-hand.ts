import type { CallInput, ReplyOf, Route } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { callLocally, type LocalService } from '../call/call-locally.ts';
import type { Asked, Handlers, RouteTable } from './handlers.ts';
import { checked } from './serve-route.ts';

/** Answers with the handler of the requested route. */
export type Answering<T extends RouteTable, Caller, Reply> = (
  handlers: Handlers<T, Caller>,
  caller: Caller,
) => Promise<Reply>;

/**
 * Asks a service on this machine. If none runs, the same handler answers in this process, with the same checks.
 * @param instead stands in for the service: opens its state, lets the handler answer, and closes everything
 * @throws CausewayError as `callLocally`, and the handler's own
 */
export async function askOrDo<T extends RouteTable, N extends keyof T & string, Caller>(
  { service, routes }: { service: LocalService; routes: T },
  name: N,
  input: CallInput<T[N]>,
  instead: (answer: Answering<T, Caller, ReplyOf<T[N]>>) => Promise<ReplyOf<T[N]>>,
): Promise<{ result: ReplyOf<T[N]>; running: boolean }> {
  const route = routes[name]!;
  try {
    return { result: await callLocally(service, route, input), running: true };
  } catch (error) {
    if (!(error instanceof CausewayError) || error.code !== 'not-running') throw error;
  }
  return { result: await instead(answering(routes, name, input)), running: false };
}

/**
 * Answers as a service does, with the handlers that it is given later. The input is checked at once, before anybody opens a state.
 * @throws CausewayError 'bad-request'
 */
export function answering<T extends RouteTable, N extends keyof T & string, Caller>(
  routes: T,
  name: N,
  input: CallInput<T[N]>,
): Answering<T, Caller, ReplyOf<T[N]>> {
  const route = routes[name]!;
  const asked = checkedInput(route, input) as Asked<T[N]>;
  return async (handlers, caller) => {
    const answer = await handlers[name](asked, caller);
    return route.reply.parse(answer) as ReplyOf<T[N]>;
  };
}

function checkedInput({ params, query, body }: Route, given: CallInput<Route>): Asked<Route> {
  return {
    params: params && checked('params', params, given.params),
    query: query && checked('query', query, given.query ?? {}),
    body: body && checked('body', body, given.body ?? {}),
  } as Asked<Route>;
}
