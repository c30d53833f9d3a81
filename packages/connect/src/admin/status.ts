import { CallError } from '@causeway/api';
import type { ConnectComparison, ConnectStatus, ConnectUserStatus } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { lastComparison } from '../comparison/comparison.ts';
import { clockDifference } from '../domain-controller/clock.ts';
import { controllerInUse } from '../domain-controller/failover.ts';
import { arrivalOf } from '../heads/arrival.ts';
import { accountOf } from '../objects/decide-account.ts';
import { strangerGroupsOf } from '../objects/groups/waiting-groups.ts';
import { leaverWithdrawalsOf, withdrawalsOf } from '../objects/hold-withdrawals.ts';
import { renamesOf } from '../objects/names/renames.ts';
import { creationsOf, deletionsOf, stillSigningIn, strangersOf } from '../objects/waiting.ts';
import { pairingState } from '../pairing/pairing-state.ts';
import type { SpaceObject } from '../store/space-object.ts';
import type { ConnectorStore } from '../store/store.ts';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { connectorCounts } from '../sync/connector-counts.ts';
import type { SyncConfiguration } from '../tenant/tenant-client.ts';
import { withoutFormer } from './connectors.ts';
import { fullPassStatus } from './full-pass-status.ts';
import { groupStatus } from './group-status.ts';
import { restoreState } from './restore.ts';

const LISTED = 50;
const EVENTS = 30;

/** The status of Connect. It holds no secret. */
export async function connectStatus(connect: Connect): Promise<ConnectStatus> {
  const { agent, store } = connect;
  const told = await askTenant(connect);
  return {
    tenant: {
      id: agent.tenantId,
      name: agent.tenantName,
      url: connect.configuration.tenant.url,
      minimumAgentVersion: told instanceof CallError ? null : told.minimumAgentVersion,
      ...(!(told instanceof CallError) && told.otherRuns && { otherRuns: told.otherRuns }),
    },
    signingKey: agent.publicKey,
    ...(store.staging.since !== undefined && {
      staging: { since: store.staging.since, agentId: agent.agentId },
    }),
    pairing: pairing(connect, told),
    connectors: await Promise.all(
      connect.connectors.map(async one => ({
        ...(await connectorStatus(one, connect.openedAt)),
        ...groupStatus(one, told instanceof CallError ? null : told.accepts),
      })),
    ),
    events: store.events.last(EVENTS),
  };
}

async function askTenant({ tenant }: Connect): Promise<SyncConfiguration | CallError> {
  try {
    const told = await tenant.configuration(false, 1);
    await tenant.askStanding(1); // notices if this Connect was demoted meanwhile
    return told;
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
}

function pairing({ store }: Connect, told: SyncConfiguration | CallError): ConnectStatus['pairing'] {
  const confirmed = store.confirmations.managedDomain ?? null;
  if (told instanceof CallError) {
    const { code, message: reason } = told;
    return { state: 'unknown', code, reason, realm: null, confirmed, offered: null };
  }
  const pairing = pairingState(store, told);
  const offered =
    pairing.state === 'off' ? null : pairing.state === 'confirmed' ? pairing : (pairing.offered ?? null);
  const realm = pairing.state === 'off' ? null : pairing.realm;
  return {
    state: pairing.state,
    realm,
    confirmed,
    offered: offered && { fingerprint: offered.fingerprint },
    ...(told.domainAccepts && { reads: told.domainAccepts }),
  };
}

async function connectorStatus(
  connector: Connector,
  openedAt: number,
): Promise<ConnectStatus['connectors'][number]> {
  const { store } = connector.context;
  const domainController = controllerInUse(connector.context, connector.controller.connector);
  const restore = restoreState(connector.context, connector.controller.connector);
  const { epoch } = store.restores;
  const clock = clockDifference(connector.context);
  return {
    name: store.name,
    forest: connector.context.connector.forest,
    passwordSync: store.settings.get().passwordSync,
    lastObjectCycleAt: store.cursors.get('last-object-cycle-at') ?? null,
    lastPasswordCycleAt: store.cursors.get('last-password-cycle-at') ?? null,
    lastError: connector.lastError,
    ...(domainController && { domainController }),
    ...(restore && { restore }),
    ...(epoch > 0 && { epoch }),
    ...(clock && { clock }),
    ...connectorCounts(store),
    ...waiting(connector),
    fullPass: await fullPassStatus(connector),
    ...comparison(connector),
    arrival: arrivalOf(connector.context, openedAt),
    waitingFor: store.passwords.listMustChange(LISTED).map(state => ({
      user: userName(store, state.guid),
      reason: state.detail ?? '',
      since: state.updatedAt,
    })),
    queue: entries(store, false),
    quarantine: entries(store, true),
  };
}

function comparison({ context }: Connector): { comparison?: ConnectComparison } {
  const last = lastComparison(context);
  if (last === undefined) return {};
  const { saidAnew, strangers, bulk } = context.store;
  const { said, alarmed } = saidAnew.lastDay();
  const strangersHeld = [strangersOf, strangerGroupsOf].reduce(
    (sum, listOf) => sum + bulk.countHeld(listOf(context)),
    0,
  );
  return { comparison: { ...last, saidAnew: said, alarmed, strangers: strangers.count(), strangersHeld } };
}

/** What waits for an administrator, and who can still sign in meanwhile. */
function waiting({ context }: Connector) {
  const { bulk, cursors, passwordLeavers } = context.store;
  const out = passwordLeavers.countOut();
  const withdrawals = [withdrawalsOf, leaverWithdrawalsOf].reduce(
    (sum, listOf) => sum + bulk.countHeld(listOf(context)),
    0,
  );
  const held = bulk.held(deletionsOf(context));
  const names = stillSigningIn(
    context,
    held.map(({ change }) => change),
  );
  const growth = cursors.get('creations-alarm');
  return {
    suppressedDeletes: held.length,
    stillSigningIn: names.slice(0, LISTED),
    stillSigningInCount: names.length,
    suppressedCreations: bulk.countHeld(creationsOf(context)),
    suppressedRenames: bulk.countHeld(renamesOf(context)),
    growthAlarm: growth === undefined ? null : Number(growth),
    ...(out + withdrawals > 0 && { passwordScope: { out, held: withdrawals } }),
  };
}

function entries(store: ConnectorStore, quarantined: boolean) {
  return store.queue.list(quarantined, LISTED).map(entry => ({
    user: userName(store, entry.guid),
    kind: entry.kind,
    code: entry.code,
    reason: entry.reason,
    attempts: entry.attempts,
    since: entry.since,
    nextAt: new Date(entry.nextAt).toISOString(),
  }));
}

/** A user's or group's name for the status. */
function userName(store: ConnectorStore, guid: string): string {
  const object = store.space.get(guid) ?? store.groups.get(guid);
  const name = object?.attributes.userPrincipalName ?? object?.attributes.sAMAccountName;
  return typeof name === 'string' ? name : (object?.dn ?? guid);
}

/** The state of one user at every step. @throws CausewayError 'no-such-user' or 'several-users' */
export function userStatus(connect: Connect, name: string): ConnectUserStatus {
  const { connector, object } = findUser(connect, name);
  const { store } = connector.context;
  const password = store.passwords.get(object.guid);
  const stands = standstill(connector);
  return {
    connector: store.name,
    user: userName(store, object.guid),
    distinguishedName: object.dn,
    objectGuid: object.guid,
    sourceAnchor: object.anchor,
    synchronized: object.desiredDigest !== undefined,
    scopeReason: object.scopeReason ?? null,
    export: {
      state:
        object.exportedDigest === undefined
          ? 'not in the tenant'
          : object.exportedDigest === object.desiredDigest
            ? 'current'
            : 'change waiting',
      at: object.exportedAt ?? null,
      sequence: object.exportedSequence ?? null,
      problem: store.queue.get('object', object.guid) ?? null,
    },
    password: password
      ? {
          status: password.status,
          detail: password.detail ?? null,
          waiting: password.mustChange,
          order: password.acknowledged ?? null,
          acknowledgedAt: password.acknowledgedAt ?? null,
          recipientKeyId: password.recipientKeyId ?? null,
          updatedAt: password.updatedAt,
        }
      : null,
    retry: store.queue.get('password', object.guid) ?? null,
    owedSince: store.owed.since(object.guid) ?? null,
    ...(stands && { standstill: stands }),
  };
}

/** How many cycles may be missing before silence counts as a standstill. One cycle can take long. */
const MISSING_CYCLES = 3;

/** Since when and why a connector sends no passwords. Undefined while it sends them. */
function standstill(connector: Connector): ConnectUserStatus['standstill'] {
  const { store, settings } = connector.context;
  const since = store.cursors.get('last-password-cycle-at') ?? null;
  if (connector.context.staging) return { since, reason: 'this Connect stages, and reads no password' };
  if (!store.settings.passwordSync) return { since, reason: 'password hash synchronization is switched off' };
  if (connector.lastError !== null) return { since, reason: connector.lastError };
  if (connector.passwordCycle().status === 'InProgress') return undefined;
  if (since === null) return { since, reason: 'no password cycle has ended yet' };
  if (store.clock.now() - Date.parse(since) <= MISSING_CYCLES * settings.cycleIntervalMs) return undefined;
  return { since, reason: "no password cycle has ended since then: see that 'causeway connect run' runs" };
}

/** Finds a user without a userPrincipalName by the name that stands in for it. */
function findByStandIn({ store, scope }: Connector['context'], name: string): SpaceObject | undefined {
  const [samAccountName, domain] = name.toLowerCase().split('@');
  if (samAccountName === undefined || domain !== scope.domain) return undefined;
  const found = store.space.find(samAccountName);
  const isIts = found && accountOf(found, scope).userPrincipalName.toLowerCase() === name.toLowerCase();
  return isIts ? found : undefined;
}

/** Throws rather than pick one if two forests have a user of that name. @throws CausewayError 'no-such-user' or 'several-users' */
export function findUser(connect: Connect, name: string): { connector: Connector; object: SpaceObject } {
  const found = connect.connectors.flatMap(connector => {
    const { context } = connector;
    const object = context.store.space.find(name) ?? findByStandIn(context, name);
    return object ? [{ connector, object }] : [];
  });
  const [only, another] = withoutFormer(found);
  if (only === undefined) {
    const isGroup = connect.connectors.some(({ context }) => context.store.groups.find(name));
    const hint = isGroup
      ? `it is a group\nTo see it:\n  causeway connect status --group '${name}'`
      : 'a userPrincipalName, sAMAccountName or DN expected';
    throw new CausewayError('no-such-user', `no connector knows a user '${name}': ${hint}`);
  }
  if (another === undefined) return only;
  const names = found.map(
    ({ connector: { name, context }, object }) => `'${userName(context.store, object.guid)}' of ${name}`,
  );
  const text = `several users are called '${name}': give the userPrincipalName of one: ${names.join(', ')}`;
  throw new CausewayError('several-users', text);
}
