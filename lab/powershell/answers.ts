import type { ConnectorDescription } from '@causeway/contract';
import { TENANT_CONNECTOR_ID } from '@causeway/contract';
import { type Asked, refusal, type Script } from '../peers/connect-peer.ts';
import {
  FOREST_IDS,
  FORESTS,
  heldList,
  PROFILE_IDS,
  parameter,
  rule,
  runs,
  SOME_TIME,
  TENANT,
  USER_DN,
  USER_ID,
} from './forests.ts';

/** The answers of a Connect of two forests, unless a test gives others. */

function forest(i: 0 | 1): ConnectorDescription {
  const name = FORESTS[i];
  const dn = name
    .split('.')
    .map(part => `DC=${part}`)
    .join(',');
  return {
    ...{
      name,
      identifier: FOREST_IDS[i],
      type: 'AD',
      subtype: '',
      listName: 'Active Directory Domain Services',
    },
    ...{ companyName: 'Causeway', description: `reads ${name}`, version: 3, creationTime: SOME_TIME },
    ...{
      lastModificationTime: SOME_TIME,
      forest: name.toLowerCase(),
      server: `dc1.${name}`,
      account: 'reader',
    },
    partitions: [
      {
        identifier: FOREST_IDS[i],
        dn,
        name,
        isDomain: true,
        selected: true,
        preferredDCs: [],
        connectorPartitionScope: {
          ...{ objectClasses: ['user', 'group'], containerInclusionList: [dn], containerExclusionList: [] },
        },
        parameters: [],
      },
    ],
    globalParameters: [parameter('Microsoft.Example.Kept', 'as it is')],
    objectInclusionList: ['user'],
    attributeInclusionList: ['displayName', 'mail'],
    anchorConstructionSettings: [{ objectType: 'user', attributes: ['objectGUID'], locked: false }],
    runProfiles: [{ name: 'Delta Import', identifier: PROFILE_IDS[i] }],
    connectivityParameters: [parameter('forest-login-user', 'reader', 'Connectivity')],
  };
}

const tenant: ConnectorDescription = {
  ...forest(0),
  ...{
    name: TENANT,
    identifier: TENANT_CONNECTOR_ID,
    type: 'Extensible2',
    forest: null,
    server: null,
    account: null,
  },
  listName: 'Windows Azure Active Directory (Microsoft)',
  subtype: 'Windows Azure Active Directory (Microsoft)',
  partitions: [],
  globalParameters: [],
  runProfiles: [{ name: 'Export', identifier: PROFILE_IDS[2] }],
  connectivityParameters: [parameter('UserName', 'an-agent', 'Connectivity')],
};

/** A Connect with a memory: it returns what was saved. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one table of answers
export function connectOfTwoForests(): {
  script: Script;
  connectors: ConnectorDescription[];
  enabled: Map<string, boolean>;
} {
  const connectors = [forest(0), forest(1), tenant];
  const enabled = new Map<string, boolean>(FORESTS.map(name => [name, true]));
  const found = (name: string) => connectors.find(each => each.name === name || each.identifier === name);
  const missing = (name: string) =>
    refusal(
      404,
      'no-such-connector',
      `there is no connector '${name}': known are '${connectors.map(each => each.name).join("', '")}' (case counts)`,
    );
  const ofForests = <T>(name: unknown, make: (connector: ConnectorDescription) => T) =>
    connectors.filter(each => each.type === 'AD' && (name === undefined || each.name === name)).map(make);
  const statistics = (name: string) => ({
    ...{ connectorName: name, exportAdds: 1, exportUpdates: 2, exportDeletes: 3 },
    ...{ importAdds: 4, importUpdates: 5, importDeletes: 6, importNoChange: 7, totalConnectors: 28 },
  });
  const features = {
    ...{ passwordHashSync: true, forcePasswordChangeOnLogOn: false, userWriteback: false },
    ...{ deviceWriteback: false, unifiedGroupWriteback: false, groupWritebackV2: false },
  };
  const overrides = new Map(
    connectors.map(({ name, identifier }) => [
      name,
      { connectorId: identifier, connectorName: name, fullImportRequired: false, fullSyncRequired: false },
    ]),
  );
  let threshold = { deletionPrevention: 1, thresholdCount: 500, largestCount: 500, waiting: 2 };
  const held = [heldList()];
  const script: Script = {
    listConnectors: () => ({ connectors }),
    getConnector: ({ params }) => found(params.name!) ?? missing(params.name!),
    saveConnector: ({ params, body }) => {
      const connector = found(params.name!);
      if (!connector) return missing(params.name!);
      connector.globalParameters = (body as ConnectorDescription).globalParameters;
      connector.version++;
      return connector;
    },
    getConnectorStatistics: ({ params }) =>
      found(params.name!) ? statistics(params.name!) : missing(params.name!),
    getDomainReachability: ({ params }) => ({
      domains: [{ fullName: params.name!, isReachable: false, exceptionMessage: 'connection refused' }],
    }),
    listPasswordSync: ({ query }) => ({
      configurations: ofForests(query.sourceConnector, ({ name }) => ({
        ...{ sourceConnector: name, targetConnector: TENANT, enabled: enabled.get(name)! },
      })),
    }),
    setPasswordSync: ({ body }: Asked) => {
      const change = body as { sourceConnector: string; enabled: boolean };
      if (!enabled.has(change.sourceConnector)) return missing(change.sourceConnector);
      enabled.set(change.sourceConnector, change.enabled);
      return change;
    },
    listPartitionStates: ({ query }) => ({
      partitions: ofForests(query.connector, ({ name, identifier, partitions }) => ({
        ...{ connectorId: identifier, connectorName: name, dn: partitions[0]!.dn },
        passwordSyncLastSuccessfulCycleStartTimestamp: SOME_TIME,
        passwordSyncLastSuccessfulCycleEndTimestamp: SOME_TIME,
        passwordSyncLastCycleStartTimestamp: SOME_TIME,
        passwordSyncLastCycleEndTimestamp: null,
        passwordSyncLastCycleStatus: 'InProgress',
      })),
    }),
    getScheduler: () => ({
      ...{
        allowedSyncCycleInterval: 1800,
        currentlyEffectiveSyncCycleInterval: 3600,
        customizedSyncCycleInterval: 3600,
      },
      ...{
        nextSyncCyclePolicyType: 'Delta',
        nextSyncCycleStartTimeInUTC: SOME_TIME,
        purgeRunHistoryInterval: 604_800,
      },
      ...{
        syncCycleEnabled: true,
        maintenanceEnabled: true,
        stagingModeEnabled: false,
        schedulerSuspended: false,
      },
      syncCycleInProgress: false,
    }),
    listRuns: ({ query }) => ({
      runs: runs
        .filter(run => [undefined, run.connectorId, run.connectorName].includes(query.connector as string))
        .filter(run => [undefined, run.runProfileId].includes(query.profile as string))
        .filter(run => [undefined, run.runNumber].includes(query.number as number))
        .slice(0, query.limit as number),
    }),
    getRun: ({ params }) => {
      const run = runs.find(({ runHistoryId }) => runHistoryId === params.id);
      if (run === undefined) return refusal(404, 'no-such-run', `there is no run ${params.id}`);
      const error = { objectId: USER_ID, distinguishedName: USER_DN, code: 'refused', reason: 'not today' };
      return { run, objectErrors: run.errors > 0 ? [error] : [] };
    },
    startSyncCycle: () => ({ started: true }),
    stopSyncCycle: () => ({ stopped: false }),
    listRunStatus: () => ({ running: [] }),
    getGlobalSettings: () => ({
      ...{ version: '1.1.614.0', instanceId: FOREST_IDS[0], schemaVersion: 7 },
      parameters: [
        parameter('Microsoft.Synchronize.StagingMode', 'False', 'SynchronizationGlobal'),
        parameter('Microsoft.OptionalFeature.AutoUpgradeState', 'Disabled', 'SynchronizationGlobal'),
        parameter(
          'Microsoft.SynchronizationOption.UPNAttribute',
          'userPrincipalName',
          'SynchronizationGlobal',
        ),
      ],
    }),
    listRules: () => ({
      rules: [rule('In from AD - User Join', 100), rule('In from AD - User Common', 105)],
    }),
    getMetaverseObject: ({ params }) => {
      if (params.id !== USER_ID)
        return refusal(409, 'not-synchronized', 'it is not synchronized: a computer');
      const link = { connectedCsObjectId: USER_ID, connectedCsObjectDN: USER_DN };
      return {
        ...{ objectId: USER_ID, objectType: 'person' },
        attributes: [
          { name: 'mail', isMultiValued: false, values: ['a@b.example'], connectorName: FORESTS[0] },
        ],
        lineage: [{ ...link, connectorId: FOREST_IDS[0], connectorName: FORESTS[0] }],
      };
    },
    listOverrides: ({ query }) => ({
      overrides: [...overrides.values()].filter(each =>
        [undefined, each.connectorName, each.connectorId].includes(query.connector as string),
      ),
    }),
    setOverride: ({ params, body }) => {
      const changed = { ...overrides.get(params.name!)!, ...(body as object) };
      overrides.set(params.name!, changed);
      return changed;
    },
    getDeletionThreshold: () => threshold,
    setDeletionThreshold: ({ body }) => {
      const { thresholdCount } = body as { thresholdCount: number };
      if (thresholdCount > 500) return refusal(409, 'threshold-too-large', "above the configuration's 500");
      threshold = { ...threshold, thresholdCount };
      return threshold;
    },
    listHeld: () => ({ lists: held }),
    approveHeld: ({ params }) => {
      threshold = { ...threshold, waiting: 0 };
      return held.splice(0).find(({ digest }) => digest === params.digest);
    },
    getCompanyFeature: () => features,
    setCompanyFeature: ({ body }) => {
      const [wanted] = Object.entries(body as Record<string, boolean>).filter(([, value]) => value);
      return wanted && wanted[0] !== 'passwordHashSync'
        ? refusal(409, 'no-such-feature', `${wanted[0]} cannot be switched on`)
        : features;
    },
  };
  return { script, connectors, enabled };
}

/** An object of a connector space. */
export const userObject = (i = 0, more: object = {}) => ({
  ...{
    objectId: i === 0 ? USER_ID : `6f9619ff-8b86-4d11-b42d-${String(i).padStart(12, '0')}`,
    connectorId: FOREST_IDS[0],
  },
  ...{ connectorName: FORESTS[0], connectorType: 'AD', partitionId: FOREST_IDS[0] },
  ...{
    distinguishedName: i === 0 ? USER_DN : `CN=User ${i},OU=People,DC=corp,DC=example,DC=com`,
    anchorValue: 'AAAA',
  },
  ...{
    objectType: 'user',
    isConnector: true,
    filteredBy: null,
    connectedMVObjectId: USER_ID,
    hasSyncError: false,
    hasExportError: false,
  },
  exportError: null,
  attributes: [{ name: 'mail', isMultiValued: false, values: ['alice@corp.example.com'] }],
  ...more,
});
