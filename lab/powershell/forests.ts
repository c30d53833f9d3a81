import type { ConfigurationParameter, HeldList, RunResult, SyncRule } from '@causeway/contract';
import { TENANT_CONNECTOR_ID } from '@causeway/contract';

/** The names of two forests and a tenant, and their runs. */

export const FORESTS = ['corp.example.com', 'Fabrikam.Example.org'] as const;
export const TENANT = 'contoso - AAD';
export const SOME_TIME = '2026-03-10T18:48:23.937Z';
export const PROFILE_IDS = [
  '0b9c6a52-9d0f-8f4b-8f5e-7d0a3c1e2f11',
  '0b9c6a52-9d0f-8f4b-8f5e-7d0a3c1e2f12',
  '0b9c6a52-9d0f-8f4b-8f5e-7d0a3c1e2f13',
] as const;
export const FOREST_IDS = [
  '0b9c6a52-9d0f-4f4b-8f5e-7d0a3c1e2f01',
  '0b9c6a52-9d0f-4f4b-8f5e-7d0a3c1e2f02',
] as const;
export const USER_ID = '6f9619ff-8b86-4d11-b42d-00c04fc964ff';
export const USER_DN = 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com';

export const parameter = (
  name: string,
  value: ConfigurationParameter['value'],
  scope = 'ConnectorGlobal',
): ConfigurationParameter => ({
  ...{ name, value, scope, inputType: 'String', description: null, regexValidationPattern: null },
  ...{ defaultValue: null, extensible: false, pageNumber: 0, intrinsic: false, dataType: 'String' },
});

/** A run that imported without errors, and an export with one object rejected. */
export const RUN_IDS = [
  '0b9c6a52-9d0f-4f4b-8f5e-7d0a3c1e2fa1',
  '0b9c6a52-9d0f-4f4b-8f5e-7d0a3c1e2fa2',
] as const;

export const runs: readonly RunResult[] = [
  {
    ...{ runHistoryId: RUN_IDS[1], runNumber: 8, connectorId: TENANT_CONNECTOR_ID, connectorName: TENANT },
    ...{
      sourceConnector: FORESTS[0],
      runProfileId: PROFILE_IDS[2],
      runProfileName: 'Export',
      kind: 'export',
    },
    ...{ isRunComplete: true, result: 'completed-export-errors', problem: null, looks: 1 },
    ...{ startDate: SOME_TIME, endDate: SOME_TIME, adds: 1, updates: 2, deletes: 3, noChange: 0, errors: 1 },
  },
  {
    ...{ runHistoryId: RUN_IDS[0], runNumber: 7, connectorId: FOREST_IDS[0], connectorName: FORESTS[0] },
    ...{ sourceConnector: FORESTS[0], runProfileId: PROFILE_IDS[0], runProfileName: 'Delta Import' },
    ...{ kind: 'import', isRunComplete: true, result: 'success', problem: null, looks: 9 },
    ...{ startDate: SOME_TIME, endDate: '2026-03-10T18:58:23.937Z' },
    ...{ adds: 0, updates: 0, deletes: 0, noChange: 4, errors: 0 },
  },
];

export const rule = (name: string, precedence: number): SyncRule => ({
  identifier: `0b9c6a52-9d0f-8f4b-8f5e-7d0a3c1e2${precedence}`,
  ...{ name, precedence, description: 'takes users', direction: 'Inbound', connectorId: FOREST_IDS[0] },
  ...{
    connectorName: FORESTS[0],
    sourceObjectType: 'user',
    targetObjectType: 'person',
    linkType: 'Provision',
  },
  enablePasswordSync: precedence === 100,
  scopeFilter: [{ attribute: 'adminDescription', operator: 'NOTSTARTSWITH', value: 'User_' }],
  joinFilter: [{ source: 'objectGUID', target: 'sourceAnchorBinary' }],
  attributeFlowMappings: [{ source: 'sn', destination: 'surname', expression: null }],
});

/** Two people whose deletion waits. */
export const heldList = (): HeldList => ({
  ...{ digest: '0'.repeat(32), connector: FORESTS[0], forest: FORESTS[0], operation: 'delete' },
  ...{ since: SOME_TIME, count: 2, ceased: 0 },
  people: ['ann', 'ben'].map(user => ({
    ...{ user, sourceAnchor: user, objectGuid: USER_ID, distinguishedName: `CN=${user}`, canSignIn: true },
  })),
});
