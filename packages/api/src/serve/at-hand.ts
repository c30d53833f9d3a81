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
  const result = await instead((handlers, caller) => doAtHand(routes, handlers, name, input, caller));
  return { result, running: false };
}

/** What a service does when it is asked, with the same checks. @throws CausewayError 'bad-request', or the handler's own error */
export async function doAtHand<T extends RouteTable, N extends keyof T & string, Caller>(
  routes: T,
  handlers: Handlers<T, Caller>,
  name: N,
  input: CallInput<T[N]>,
  caller: Caller,
): Promise<ReplyOf<T[N]>> {
  const route = routes[name]!;
  const answer = await handlers[name](checkedInput(route, input) as Asked<T[N]>, caller);
  return route.reply.parse(answer) as ReplyOf<T[N]>;
}

function checkedInput({ params, query, body }: Route, given: CallInput<Route>): Asked<Route> {
  return {
    params: params && checked('params', params, given.params),
    query: query && checked('query', query, given.query ?? {}),
    body: body && checked('body', body, given.body ?? {}),
  } as Asked<Route>;
}
