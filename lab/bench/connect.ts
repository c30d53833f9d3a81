import { ask, loadConnectConfiguration } from '@causeway/connect/testing';
import type {
  CallInput,
  ConnectStatus,
  ReplyOf,
  connectAdministrationRoutes as routes,
} from '@causeway/contract';
import type { Stage } from '../places/stage.ts';

/** Asks the stage's Connect over its own socket, as the command line does. */
export function askConnect<N extends keyof typeof routes>(
  stage: Stage,
  name: N,
  input: CallInput<(typeof routes)[N]> = {},
): Promise<ReplyOf<(typeof routes)[N]>> {
  return ask(loadConnectConfiguration(stage.configOf('connect')), name, input);
}

export async function connectorStatus(stage: Stage): Promise<ConnectStatus['connectors']> {
  return (await askConnect(stage, 'getStatus')).connectors;
}
