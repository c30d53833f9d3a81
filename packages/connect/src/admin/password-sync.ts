import {
  type FullPasswordSync,
  forceFullPasswordSync,
  type PartitionPasswordSyncState,
  type PasswordSyncConfiguration,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { PassRequest } from '../store/full-passes.ts';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { forestConnector, forestConnectors, isTenant } from './connectors.ts';
import { fullPassStatus } from './full-pass-status.ts';

export function listPasswordSync(connect: Connect, source: string | undefined): PasswordSyncConfiguration[] {
  return forestConnectors(connect, source).map(each => configurationOf(connect, each));
}

function configurationOf(connect: Connect, { name, context }: Connector): PasswordSyncConfiguration {
  const { passwordSync } = context.store.settings.get();
  return { sourceConnector: name, targetConnector: connect.tenantConnector.name, enabled: passwordSync };
}

/** @throws CausewayError 'no-such-connector' if the source is not a forest's connector, or the target not the tenant's */
export async function setPasswordSync(
  connect: Connect,
  { sourceConnector, targetConnector, enabled }: PasswordSyncConfiguration,
  caller: string,
): Promise<PasswordSyncConfiguration & { fullPass?: PassRequest }> {
  const connector = forestConnector(connect, sourceConnector);
  if (!isTenant(connect, targetConnector)) {
    throw new CausewayError(
      'no-such-connector',
      `'${targetConnector}' is not the tenant's connector: '${connect.tenantConnector.name}' expected (case counts)`,
    );
  }
  const text = `password hash synchronization from '${connector.name}' was switched ${enabled ? 'on' : 'off'} by ${caller}`;
  connect.store.events.add('passwordSyncSwitched', connector.name, text);
  const fullPass = await connector.setPasswordSync(enabled);
  return { ...configurationOf(connect, connector), ...(fullPass && { fullPass }) };
}

export interface Pass {
  connector: string;
  pass: FullPasswordSync | null;
  /** The request found a pass that still reads, so it began none of its own. */
  merged?: true;
}

export function listPasses(connect: Connect, name: string | undefined): Promise<Pass[]> {
  return Promise.all(
    forestConnectors(connect, name).map(async each => ({
      connector: each.name,
      pass: await fullPassStatus(each),
    })),
  );
}

/** Does what the original's script does: sets the parameter, then switches the channel off and on. */
export async function forceFullPass(
  connect: Connect,
  name: string | undefined,
  caller: string,
): Promise<Pass[]> {
  const merged = new Set<string>();
  for (const connector of forestConnectors(connect, name)) {
    const { settings, events } = connector.context.store;
    const others = settings
      .get()
      .globalParameters.filter(each => each.name !== forceFullPasswordSync('1').name);
    settings.save([...others, forceFullPasswordSync('1')]);
    const text = `a full password hash synchronization of '${connector.name}' was asked for by ${caller}`;
    events.add('passwordSyncSwitched', connector.name, text);
    await connector.setPasswordSync(false);
    if ((await connector.setPasswordSync(true)) === 'merged') merged.add(connector.name);
  }
  const passes = await listPasses(connect, name);
  return passes.map(each => ({ ...each, ...(merged.has(each.connector) && { merged: true }) }));
}

export function listPartitionStates(
  connect: Connect,
  name: string | undefined,
): PartitionPasswordSyncState[] {
  return forestConnectors(connect, name).map(connector => {
    const { settings } = connector.context.store;
    const times = connector.passwordCycle();
    return {
      connectorId: settings.get().identifier,
      connectorName: connector.name,
      dn: connector.namingContext,
      passwordSyncLastSuccessfulCycleStartTimestamp: times.successfulStart,
      passwordSyncLastSuccessfulCycleEndTimestamp: times.successfulEnd,
      passwordSyncLastCycleStartTimestamp: times.start,
      passwordSyncLastCycleEndTimestamp: times.end,
      passwordSyncLastCycleStatus: settings.passwordSync ? times.status : 'Disabled',
    };
  });
}
