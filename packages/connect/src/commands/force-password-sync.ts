import { callLocally, printResult, sleep } from '@causeway/service';
import type { PassRequest } from '../connect.ts';
import type { ConnectStatus } from '../status.ts';
import { askOrDo, type CommonOptions } from './at-hand.ts';

type ConnectorStatus = ConnectStatus['connectors'][number];

const ASK_EVERY_MS = 500;

/** Asks for a full pass and waits until everybody was read; who is owed is told, not waited for. */
export async function forcePasswordSync(
  options: CommonOptions & { connector?: string; wait: boolean },
): Promise<void> {
  const { connector } = options;
  const { result, running, configuration } = await askOrDo<{ passes: PassRequest[] }>(
    options,
    { method: 'POST', path: '/force-password-sync', body: { ...(connector && { connector }) } },
    async connect => {
      const passes = connect.requestFullPass(connector);
      await connect.sync();
      for (const each of connect.connectors) await each.fullPass();
      return {
        passes: passes.map(pass => ({ ...pass, ...lastPass(connect, pass.connector) })),
      };
    },
  );
  if (!running || !options.wait) {
    printResult(options.json, result, () => result.passes.map(describe));
    return;
  }
  const names = new Set(result.passes.map(pass => pass.connector));
  for (;;) {
    const status = (await callLocally(
      configuration.stateDirectory,
      'connect',
      'GET',
      '/status',
    )) as ConnectStatus;
    const chosen = status.connectors.filter(each => names.has(each.name));
    if (chosen.every(each => each.fullPass?.readAt)) {
      const passes = chosen.map(each => ({ connector: each.name, ...each.fullPass, owed: each.owed }));
      printResult(options.json, { passes }, () => chosen.map(describeStatus));
      return;
    }
    if (process.stderr.isTTY)
      process.stderr.write(`\r${chosen.map(each => `${each.name}: ${each.fullPass?.users ?? 0} users`)} `);
    await sleep(ASK_EVERY_MS);
  }
}

function lastPass(
  connect: {
    connectors: readonly { context: { store: { name: string; passes: { last(): object | undefined } } } }[];
  },
  name: string,
): object {
  return connect.connectors.find(each => each.context.store.name === name)?.context.store.passes.last() ?? {};
}

function describe(pass: PassRequest): string {
  if (pass.readAt === null) return `${pass.connector}: full password sync requested`;
  return `${pass.connector}: ${pass.users} users sent${pass.completedAt === null ? '; stays open until those who are owed are sent' : ''}`;
}

function describeStatus({ name, fullPass, owed }: ConnectorStatus): string {
  const rate = fullPass?.startedAt && fullPass.readAt ? ratePerSecond(fullPass) : '';
  const open =
    owed > 0
      ? `; ${owed} are owed their legacy credentials until the managed domain's key is confirmed: causeway connect trust-domain FINGERPRINT`
      : '';
  return `${name}: ${fullPass?.users ?? 0} users sent${rate}${open}`;
}

function ratePerSecond(pass: NonNullable<ConnectorStatus['fullPass']>): string {
  const seconds = (Date.parse(pass.readAt!) - Date.parse(pass.startedAt!)) / 1000;
  return `, ${Math.round(pass.users / Math.max(seconds, 0.001))}/s`;
}
