import { callSocket, checked } from '@causeway/api';
import {
  type CallInput,
  type ReplyOf,
  type Route,
  requestPath,
  connectAdministrationRoutes as routes,
} from '@causeway/contract';
import { CausewayError, createLog, defaultConfigurationFile } from '@causeway/service';
import type { Command } from 'commander';
import { type AdminHandlers, type AdminInput, adminHandlers, type RouteName } from '../admin/handlers.ts';
import { adminSocketPath } from '../admin/socket.ts';
import { type ConnectConfiguration, loadConnectConfiguration } from '../configuration.ts';
import { Connect } from '../sync/connect.ts';

export interface CommonOptions {
  config: string;
  json?: boolean;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'YAML configuration file', defaultConfigurationFile('connect'))
    .option('--json', 'print JSON');
}

type Reply<N extends RouteName> = ReplyOf<(typeof routes)[N]>;
type Input<N extends RouteName> = CallInput<(typeof routes)[N]>;

/** Asks the running service. @throws CausewayError 'not-running', or the service's own */
export async function ask<N extends RouteName>(
  configuration: ConnectConfiguration,
  name: N,
  input: Input<N>,
): Promise<Reply<N>> {
  const route: Route = routes[name];
  const given = input as CallInput<Route>;
  const reply = await callSocket(
    adminSocketPath(configuration),
    'connect',
    route.method,
    requestPath(route, given),
    given.body,
  );
  return route.reply.parse(reply) as Reply<N>;
}

/**
 * Asks the running service, or, when none runs, takes its place for the moment: the same handler answers then.
 * @param then what the service would go on to do by itself
 */
export async function askOrDo<N extends RouteName>(
  options: CommonOptions,
  name: N,
  input: Input<N>,
  then?: (connect: Connect, handlers: AdminHandlers, result: Reply<N>) => Promise<Reply<N>>,
): Promise<{ result: Reply<N>; running: boolean; configuration: ConnectConfiguration }> {
  const configuration = loadConnectConfiguration(options.config);
  try {
    return { result: await ask(configuration, name, input), running: true, configuration };
  } catch (error) {
    if (!(error instanceof CausewayError) || error.code !== 'not-running') throw error;
  }
  // The result belongs to standard output; what goes wrong on the way is told on standard error.
  const log = createLog('connect', { write: line => process.stderr.write(line) });
  log.level = process.env.CAUSEWAY_LOG_LEVEL ?? 'error';
  const connect = await Connect.open(configuration, log);
  try {
    const handlers = adminHandlers(connect, () => {});
    const handler = handlers[name] as (input: AdminInput<Route>, caller: string) => unknown;
    const result = (await handler(
      checkedInput(routes[name], input),
      'an administrator on this machine',
    )) as Reply<N>;
    return { result: (await then?.(connect, handlers, result)) ?? result, running: false, configuration };
  } finally {
    await connect.close();
  }
}

function checkedInput(route: Route, { params, query, body }: CallInput<Route>): AdminInput<Route> {
  const { params: p, query: q, body: b } = route;
  return {
    params: p && checked('params', p, params),
    query: q && checked('query', q, query ?? {}),
    body: b && checked('body', b, body ?? {}),
  } as AdminInput<Route>;
}
