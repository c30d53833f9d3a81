import { CausewayError, callLocally, createLog, defaultConfigurationFile } from '@causeway/service';
import type { Command } from 'commander';
import { type ConnectConfiguration, loadConnectConfiguration } from '../configuration.ts';
import { Connect } from '../connect.ts';

export interface CommonOptions {
  config: string;
  json?: boolean;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'YAML configuration file', defaultConfigurationFile('connect'))
    .option('--json', 'print JSON');
}

/** Asks the running service, or, when none runs, takes its place for the moment. */
export async function askOrDo<T>(
  options: CommonOptions,
  request: { method: 'GET' | 'POST'; path: string; body?: unknown },
  work: (connect: Connect) => Promise<T> | T,
): Promise<{ result: T; running: boolean; configuration: ConnectConfiguration }> {
  const configuration = loadConnectConfiguration(options.config);
  try {
    const { method, path, body } = request;
    const result = (await callLocally(configuration.stateDirectory, 'connect', method, path, body)) as T;
    return { result, running: true, configuration };
  } catch (error) {
    if (!(error instanceof CausewayError) || error.code !== 'not-running') throw error;
  }
  // The result belongs to standard output; what goes wrong on the way is told on standard error.
  const log = createLog('connect', { write: line => process.stderr.write(line) });
  log.level = process.env.CAUSEWAY_LOG_LEVEL ?? 'error';
  const connect = await Connect.open(configuration, log);
  try {
    return { result: await work(connect), running: false, configuration };
  } finally {
    await connect.close();
  }
}
