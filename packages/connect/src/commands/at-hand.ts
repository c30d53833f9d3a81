import { answering, askOrDo as askAtHand, callLocally, type LocalService } from '@causeway/api';
import { type CallInput, type ReplyOf, connectAdministrationRoutes as routes } from '@causeway/contract';
import { createLog, defaultConfigurationFile, environment, type Log } from '@causeway/service';
import type { Command } from 'commander';
import { type AdminHandlers, adminHandlers, type RouteName } from '../admin/handlers.ts';
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

const CALLER = 'an administrator on this machine';

/** Standard output is for the result, so problems on the way go to standard error. */
function quietLog(): Log {
  const log = createLog('connect', { write: line => process.stderr.write(line) });
  log.level = environment('CAUSEWAY_LOG_LEVEL') ?? 'error';
  return log;
}

type Reply<N extends RouteName> = ReplyOf<(typeof routes)[N]>;
type Input<N extends RouteName> = CallInput<(typeof routes)[N]>;

const serviceOf = (configuration: ConnectConfiguration): LocalService => ({
  name: 'connect',
  socket: adminSocketPath(configuration),
});

/** Asks the running service. @throws CausewayError 'not-running', or the service's own error */
export function ask<N extends RouteName>(
  configuration: ConnectConfiguration,
  name: N,
  input: Input<N>,
): Promise<Reply<N>> {
  return callLocally(serviceOf(configuration), routes[name], input);
}

/** As `askOrDo`, but by this program over a copy of the state, whoever runs: its own rules count, and nothing is changed. */
export async function doOnCopy<N extends RouteName>(
  options: CommonOptions,
  name: N,
  input: Input<N>,
): Promise<{ result: Reply<N> }> {
  const configuration = loadConnectConfiguration(options.config);
  const answer = answering<typeof routes, N, string>(routes, name, input);
  const connect = await Connect.openCopy(configuration, quietLog());
  try {
    const handlers = adminHandlers(connect, () => {});
    return { result: await answer(handlers, CALLER) };
  } finally {
    await connect.close();
  }
}

/**
 * Asks the running service. If none runs, takes its place for the moment, so that the same handler answers.
 * @param then does what a running service would do next by itself
 */
export async function askOrDo<N extends RouteName>(
  options: CommonOptions,
  name: N,
  input: Input<N>,
  then?: (connect: Connect, handlers: AdminHandlers, result: Reply<N>) => Promise<Reply<N>>,
): Promise<{ result: Reply<N>; running: boolean; configuration: ConnectConfiguration }> {
  const configuration = loadConnectConfiguration(options.config);
  const service = serviceOf(configuration);
  const asked = await askAtHand<typeof routes, N, string>({ service, routes }, name, input, async answer => {
    const connect = await Connect.open(configuration, quietLog());
    try {
      const handlers = adminHandlers(connect, () => {});
      const result = await answer(handlers, CALLER);
      return (await then?.(connect, handlers, result)) ?? result;
    } finally {
      await connect.close();
    }
  });
  return { ...asked, configuration };
}
