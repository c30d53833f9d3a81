import type { ConnectorOverride } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { readOverride, setOverride as setConnectorOverride } from '../sync/connector-override.ts';
import { forestConnector, isTenant } from './connectors.ts';

type Change = { [K in 'fullImportRequired' | 'fullSyncRequired']?: boolean | undefined };

/** The tenant first, as in the list of connectors. */
export function listOverrides(connect: Connect, name: string | undefined): ConnectorOverride[] {
  if (name === undefined) return [ofTenant(connect), ...connect.connectors.map(describe)];
  return [isTenant(connect, name) ? ofTenant(connect) : describe(forestConnector(connect, name))];
}

/** @throws CausewayError 'no-such-connector', 'nothing-to-import' */
export function setOverride(
  connect: Connect,
  name: string,
  change: Change,
  caller: string,
): ConnectorOverride {
  if (isTenant(connect, name)) {
    if (!change.fullImportRequired && !change.fullSyncRequired) return ofTenant(connect);
    const text = `nothing is imported from the tenant: it is compared every few seconds, and what it lost is sent again by itself`;
    throw new CausewayError('nothing-to-import', text);
  }
  const connector = forestConnector(connect, name);
  const { store } = connector.context;
  const before = readOverride(store);
  connect.store.db.transaction(() => {
    setConnectorOverride(store, {
      fullImportRequired: change.fullImportRequired ?? before.fullImportRequired,
      fullSyncRequired: change.fullSyncRequired ?? before.fullSyncRequired,
    });
    const fields = Object.entries(change).map(([what, value]) => `${what} ${value}`);
    const text = `the next cycle of '${connector.name}' was changed by ${caller}: ${fields.join(', ')}`;
    connect.store.events.add('schedulerChanged', connector.name, text);
  });
  return describe(connector);
}

function describe({ name, context: { store } }: Connector): ConnectorOverride {
  return { connectorId: store.settings.get().identifier, connectorName: name, ...readOverride(store) };
}

function ofTenant({ tenantConnector }: Connect): ConnectorOverride {
  const { identifier } = tenantConnector.settings.get();
  return {
    ...{ connectorId: identifier, connectorName: tenantConnector.name },
    ...{ fullImportRequired: false, fullSyncRequired: false },
  };
}
