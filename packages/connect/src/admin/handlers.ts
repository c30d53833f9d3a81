import type { Handlers } from '@causeway/api';
import {
  openApiDocument,
  PROGRAM_VERSION,
  type connectAdministrationRoutes as routes,
} from '@causeway/contract';
import { acceptController } from '../domain-controller/accept-controller.ts';
import { controllerInUse } from '../domain-controller/failover.ts';
import { trustDomain, untrustDomain } from '../pairing/trust-domain.ts';
import type { Connect } from '../sync/connect.ts';
import { promote } from '../sync/staging.ts';
import { compareWithTenant } from './comparison.ts';
import {
  connectorStatistics,
  describeConnector,
  domainReachability,
  forestConnector,
  forestConnectors,
  listConnectors,
  saveConnector,
} from './connectors.ts';
import { diagnose } from './diagnostics.ts';
import { getDeletionThreshold, setDeletionThreshold } from './held/deletion-threshold.ts';
import { approveHeld, getHeld, listHeld, refuseNumber } from './held/held.ts';
import { previewHandlers } from './held/preview.ts';
import { getMetaverseObject } from './metaverse/metaverse.ts';
import { listRules } from './metaverse/rules.ts';
import { getObject, listObjects, objectLog, syncObjectPassword } from './objects.ts';
import { oneGroupStatus } from './one-group.ts';
import { listOverrides, setOverride } from './overrides.ts';
import {
  forceFullPass,
  listPartitionStates,
  listPasses,
  listPasswordSync,
  setPasswordSync,
} from './password-sync.ts';
import { previewRepin, repin } from './repin.ts';
import { restoreHandlers } from './restore.ts';
import { showRun, showRuns } from './runs.ts';
import { changeScheduler, describeScheduler, listRunStatus, startCycle, stopCycle } from './scheduler.ts';
import { companyFeature, globalSettings, setCompanyFeature } from './settings.ts';
import { connectStatus, userStatus } from './status.ts';
import { tokenHandlers } from './tokens.ts';

type Routes = typeof routes;
export type RouteName = keyof Routes;

/** The `string` is the caller, in words for the events. */
export type AdminHandlers = Handlers<Routes, string>;

/**
 * Connect's admin API: one handler per route of the contract. The running service serves them. If none runs, a command opens
 * the state and calls them itself.
 * @param nudge begins the next cycle now
 */
export function adminHandlers(connect: Connect, nudge: () => void): AdminHandlers {
  return {
    getStatus: () => connectStatus(connect),
    getUserStatus: ({ params }) => userStatus(connect, params.user),
    getGroupStatus: ({ params }) => oneGroupStatus(connect, params.group),
    listConnectors: () => ({ connectors: listConnectors(connect) }),
    getConnector: ({ params }) => describeConnector(connect, params.name),
    saveConnector: ({ params, query, body }, caller) =>
      saveConnector(connect, params.name, { ...body, ...query }, caller),
    getConnectorStatistics: ({ params }) => connectorStatistics(connect, params.name),
    getDomainReachability: ({ params }) => domainReachability(connect, params.name),
    getDirectoryPin: ({ params }) => previewRepin(forestConnector(connect, params.name)),
    moveDirectoryPin: async ({ params, body }, caller) => {
      const connector = forestConnector(connect, params.name);
      const pinned = await connector.betweenCycles(() => repin(connector, body.domainGuid, caller));
      nudge();
      return { connector: connector.name, pinned };
    },
    acceptDomainController: ({ params, body }, caller) =>
      acceptDomainController(connect, params.name, { server: body.server, caller }, nudge),
    ...restoreHandlers(connect, nudge),
    listPasswordSync: ({ query }) => ({ configurations: listPasswordSync(connect, query.sourceConnector) }),
    setPasswordSync: async ({ body }, caller) => {
      const configuration = await setPasswordSync(connect, body, caller);
      nudge();
      return configuration;
    },
    listPartitionStates: ({ query }) => ({ partitions: listPartitionStates(connect, query.connector) }),
    getFullPasswordSync: async ({ query }) => ({ passes: await listPasses(connect, query.connector) }),
    forceFullPasswordSync: async ({ body }, caller) => {
      const passes = await forceFullPass(connect, body.connector, caller);
      nudge();
      return { passes };
    },
    getScheduler: () => describeScheduler(connect),
    setScheduler: ({ body }, caller) => changeScheduler(connect, body, caller),
    startSyncCycle: ({ body }) => startCycle(connect, body.policyType === 'Initial'),
    stopSyncCycle: () => stopCycle(connect),
    sync: async ({ body }) => {
      if (body.allowDeletes > 0) refuseNumber();
      const options = { initial: body.policyType === 'Initial' };
      return { cycles: await connect.sync(options, forestConnectors(connect, body.connector)) };
    },
    getDeletionThreshold: () => getDeletionThreshold(connect),
    setDeletionThreshold: ({ body }, caller) => setDeletionThreshold(connect, body.thresholdCount, caller),
    listHeld: ({ query }) => ({ lists: listHeld(connect, query.operation, query.connector) }),
    getHeld: ({ params }) => getHeld(connect, params.digest),
    approveHeld: ({ params, body }, caller) => {
      const approved = approveHeld(connect, params.digest, body.operation, caller);
      nudge();
      return approved;
    },
    compareWithTenant: ({ query }) => compareWithTenant(connect, query),
    ...previewHandlers(connect),
    listOverrides: ({ query }) => ({ overrides: listOverrides(connect, query.connector) }),
    setOverride: ({ params, body }, caller) => setOverride(connect, params.name, body, caller),
    listRules: () => ({ rules: listRules(connect) }),
    getMetaverseObject: ({ params }) => getMetaverseObject(connect, params.id),
    listRuns: ({ query }) => ({ runs: showRuns(connect, query) }),
    getRun: ({ params }) => showRun(connect, params.id),
    listRunStatus: ({ query }) => ({ running: listRunStatus(connect, query.connector) }),
    getGlobalSettings: () => globalSettings(connect),
    getCompanyFeature: () => companyFeature(connect),
    setCompanyFeature: ({ body }) => setCompanyFeature(connect, body),
    listObjects: ({ query }) => ({ objects: listObjects(connect, query) }),
    getObject: ({ params }) => getObject(connect, params.id),
    getObjectLog: ({ params, query }) => ({ entries: objectLog(connect, params.id, query.count) }),
    syncObjectPassword: ({ params }) => syncObjectPassword(connect, params.id),
    diagnosePasswordSync: async ({ query }) => ({ checks: await diagnose(connect, query) }),
    ...placeHandlers(connect, nudge),
    getOpenApi: () => openApiDocument('connect', PROGRAM_VERSION),
    ...tokenHandlers(connect),
  };
}

/** Which managed domain Connect sends to, and whether it sends at all. */
const placeHandlers = (
  connect: Connect,
  nudge: () => void,
): Pick<AdminHandlers, 'trustDomain' | 'untrustDomain' | 'promote'> => ({
  trustDomain: async ({ body }) => {
    const confirmed = await trustDomain(connect, body.fingerprint);
    nudge();
    return { confirmed };
  },
  untrustDomain: () => ({ withdrawn: untrustDomain(connect.store) }),
  promote: ({ body }, caller) => promote(connect, body.code, caller),
});

async function acceptDomainController(
  connect: Connect,
  connectorName: string,
  confirmed: { server: string; caller: string },
  nudge: () => void,
) {
  const connector = forestConnector(connect, connectorName);
  const { context, controller, name } = connector;
  await connector.betweenCycles(() => acceptController(context, controller, confirmed));
  nudge();
  return { connector: name, domainController: controllerInUse(context, controller.connector)! };
}
