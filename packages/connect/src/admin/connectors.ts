import { USER_ATTRIBUTES } from '@causeway/active-directory';
import {
  type ConfigurationParameter,
  type ConnectorDescription,
  type ConnectorStatistics,
  FORCE_FULL_PASSWORD_SYNC,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { accountDomain, accountName } from '../configuration.ts';
import { controllersOf } from '../domain-controller/controllers-of.ts';
import { runProfilesOf } from '../runs/run-profiles.ts';
import type { SpaceObject } from '../store/space-object.ts';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { fixedParameter } from './fixed-parameter.ts';

/** The type of the tenant's connector, as the original's scripts expect it. */
const TENANT_SUBTYPE = 'Windows Azure Active Directory (Microsoft)';

const OBJECT_CLASSES = ['user', 'inetOrgPerson', 'group'];
const TENANT_CLASSES = ['user', 'group'];

/** Read-only: the values come from the configuration and the agent's keys. */
const connectivity = (values: Record<string, string>): ConfigurationParameter[] =>
  Object.entries(values).map(([name, value]) => fixedParameter(name, value, 'Connectivity'));

const noSuchConnector = (connect: Connect, name: string): CausewayError => {
  const known = [...connect.connectors.map(({ name: each }) => each), connect.tenantConnector.name];
  return new CausewayError(
    'no-such-connector',
    `there is no connector '${name}': known are ${known.map(each => `'${each}'`).join(', ')} (case counts)`,
  );
};

/** The forest's connector of this name or identifier. @throws CausewayError 'no-such-connector' */
export function forestConnector(connect: Connect, name: string): Connector {
  const found = connect.connectors.find(
    each => each.name === name || each.context.store.settings.get().identifier === name,
  );
  if (found) return found;
  if (isTenant(connect, name)) {
    const text = `'${name}' is the tenant's connector: one of a forest expected`;
    throw new CausewayError('no-such-connector', text);
  }
  throw noSuchConnector(connect, name);
}

/** One of the forests' connectors, or all of them when none is named. */
export function forestConnectors(connect: Connect, name: string | undefined): readonly Connector[] {
  return name === undefined ? connect.connectors : [forestConnector(connect, name)];
}

export function isTenant({ tenantConnector }: Connect, name: string): boolean {
  return name === tenantConnector.name || name === tenantConnector.settings.get().identifier;
}

/** The tenant first, as in the original. */
export function listConnectors(connect: Connect): ConnectorDescription[] {
  return [describeTenant(connect), ...connect.connectors.map(describeForest)];
}

export function describeConnector(connect: Connect, name: string): ConnectorDescription {
  return isTenant(connect, name) ? describeTenant(connect) : describeForest(forestConnector(connect, name));
}

/** Only stores the parameters. They take effect elsewhere: a forced full pass begins when the channel is switched on. */
export function saveConnector(
  connect: Connect,
  name: string,
  change: {
    globalParameters: ConfigurationParameter[];
    partitions?: { identifier: string; parameters: ConfigurationParameter[] }[] | undefined;
    /** The version that the caller changed. If somebody saved another one meanwhile, the call fails. */
    version?: number | undefined;
  },
  caller: string,
): ConnectorDescription {
  const before = describeConnector(connect, name);
  if (change.version !== undefined && change.version !== before.version) {
    const text = `the connector '${before.name}' was changed meanwhile: version ${before.version} expected, got ${change.version}`;
    throw new CausewayError('connector-changed', text);
  }
  const { settings } = isTenant(connect, name)
    ? connect.tenantConnector
    : forestConnector(connect, name).context.store;
  for (const { identifier } of change.partitions ?? []) {
    if (before.partitions.some(partition => partition.identifier === identifier)) continue;
    const known = before.partitions.map(partition => partition.identifier).join(', ') || 'none';
    const text = `'${before.name}' has no partition ${identifier}: known are ${known}`;
    throw new CausewayError('no-such-partition', text);
  }
  const partition = change.partitions?.[0]?.parameters;
  for (const list of [change.globalParameters, partition ?? []]) {
    const twice = list.find((each, i) => list.findIndex(other => other.name === each.name) !== i);
    if (twice) throw new CausewayError('bad-parameter', `the parameter '${twice.name}' is given twice`);
  }
  checkForced(change.globalParameters);
  connect.store.db.transaction(() => {
    settings.save(change.globalParameters, partition);
    const text = `the parameters of connector '${before.name}' were saved by ${caller}`;
    connect.store.events.add('settingsSaved', before.name, text);
  });
  return describeConnector(connect, name);
}

/** Connect would store any other value without an error, and the administrator would wait for a pass that never begins. */
function checkForced(parameters: readonly ConfigurationParameter[]): void {
  const forced = parameters.find(({ name }) => name === FORCE_FULL_PASSWORD_SYNC);
  if (forced === undefined || [null, '', 0, 1, '0', '1'].includes(forced.value as string)) return;
  const value = JSON.stringify(forced.value).slice(0, 40);
  const text = `${FORCE_FULL_PASSWORD_SYNC} takes 1 (a full pass when the channel starts the next time) or 0, got ${value}`;
  throw new CausewayError('bad-parameter', text);
}

function describeForest({ name, context, namingContext, controller }: Connector): ConnectorDescription {
  const { connector, scope, store } = context;
  const settings = store.settings.get();
  const { included, excluded, inetOrgPersons } = store.rules.get();
  const objectClasses = OBJECT_CLASSES.filter(name => inetOrgPersons || name !== 'inetOrgPerson');
  return {
    name,
    identifier: settings.identifier,
    type: 'AD',
    subtype: '',
    listName: 'Active Directory Domain Services',
    companyName: 'Causeway',
    description: `reads ${connector.forest} from ${controller.connector.server}`,
    version: settings.version,
    creationTime: settings.createdAt,
    lastModificationTime: settings.modifiedAt,
    forest: connector.forest,
    server: controller.connector.server,
    account: connector.account,
    partitions: [
      {
        identifier: settings.partitionId,
        dn: namingContext,
        name: scope.domain,
        isDomain: true,
        selected: true,
        preferredDCs: controllersOf(connector).map(({ server }) => server),
        connectorPartitionScope: {
          objectClasses,
          containerInclusionList: included.size > 0 ? [...included.values()] : [namingContext],
          containerExclusionList: [...excluded.values()],
        },
        parameters: settings.partitionParameters,
      },
    ],
    globalParameters: settings.globalParameters,
    objectInclusionList: objectClasses,
    attributeInclusionList: Object.keys(USER_ATTRIBUTES),
    anchorConstructionSettings: [{ objectType: 'user', attributes: ['objectGUID'], locked: false }],
    runProfiles: runProfilesOf(settings.identifier, 'forest'),
    connectivityParameters: connectivity({
      'forest-name': connector.forest,
      'forest-login-user': accountName(connector.account),
      'forest-login-domain': accountDomain(connector.account),
      'server-name': controller.connector.server,
    }),
  };
}

function describeTenant({ tenantConnector, configuration, agent }: Connect): ConnectorDescription {
  const settings = tenantConnector.settings.get();
  return {
    name: tenantConnector.name,
    identifier: settings.identifier,
    type: 'Extensible2',
    subtype: TENANT_SUBTYPE,
    listName: TENANT_SUBTYPE,
    companyName: 'Causeway',
    description: `feeds the tenant at ${configuration.tenant.url}`,
    version: settings.version,
    creationTime: settings.createdAt,
    lastModificationTime: settings.modifiedAt,
    forest: null,
    server: null,
    account: null,
    partitions: [
      {
        identifier: settings.partitionId,
        dn: 'default',
        name: 'default',
        isDomain: false,
        selected: true,
        preferredDCs: [],
        connectorPartitionScope: {
          objectClasses: TENANT_CLASSES,
          containerInclusionList: ['default'],
          containerExclusionList: [],
        },
        parameters: settings.partitionParameters,
      },
    ],
    globalParameters: settings.globalParameters,
    objectInclusionList: TENANT_CLASSES,
    attributeInclusionList: [],
    anchorConstructionSettings: [{ objectType: 'user', attributes: ['sourceAnchor'], locked: true }],
    runProfiles: runProfilesOf(settings.identifier, 'tenant'),
    connectivityParameters: connectivity({ UserName: agent.clientId, TenantUrl: configuration.tenant.url }),
  };
}

/**
 * What is pending. Connect merges at once what a forest's connector imports, so its imports are never pending. The tenant
 * connector's exports are the objects that the tenant does not have yet, or has in an older state.
 */
export function connectorStatistics(connect: Connect, name: string): ConnectorStatistics {
  const nothing = {
    exportAdds: 0,
    exportUpdates: 0,
    exportDeletes: 0,
    importAdds: 0,
    importUpdates: 0,
    importDeletes: 0,
  };
  if (!isTenant(connect, name)) {
    const connector = forestConnector(connect, name);
    const { space } = connector.context.store;
    return {
      connectorName: connector.name,
      ...nothing,
      importNoChange: space.count(),
      totalConnectors: space.countInScope(),
    };
  }
  const statistics = {
    connectorName: connect.tenantConnector.name,
    ...nothing,
    importNoChange: 0,
    totalConnectors: 0,
  };
  for (const { context } of connect.connectors) {
    const { space } = context.store;
    const exported = space.countExported();
    const upserts = space.countPending('upsert');
    const adds = space.countInScope() - space.countInScopeExported();
    statistics.exportAdds += adds;
    statistics.exportUpdates += upserts - adds;
    statistics.exportDeletes += space.countPending('delete');
    statistics.importNoChange += exported;
    statistics.totalConnectors += exported;
  }
  return statistics;
}

/** An object in the space of one connector. Several connectors may have it. */
interface Found {
  readonly connector: Connector;
  readonly object: SpaceObject;
}

/**
 * If an object moved between two domains of a forest, keeps only the row that the tenant acknowledged. The same GUID in two forests
 * is two objects.
 */
export function withoutFormer(found: readonly Found[]): Found[] {
  const objects = Map.groupBy(
    found,
    ({ connector, object }) => `${connector.context.connector.forest} ${object.guid}`,
  );
  return [...objects.values()].map(
    rows => rows.find(({ object }) => object.exportedDigest !== undefined) ?? rows[0]!,
  );
}

/** Whether the domain controller answers and accepts the account. @throws CausewayError 'no-such-connector' */
export async function domainReachability(connect: Connect, name: string) {
  return { domains: [await forestConnector(connect, name).reachability()] };
}
