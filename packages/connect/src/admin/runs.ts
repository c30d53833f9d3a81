import type { ServedInput } from '@causeway/api';
import type { RunDetails, RunResult, connectAdministrationRoutes as routes } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { profileId, profileOf, RUN_PROFILES, type RunProfile } from '../runs/run-profiles.ts';
import { errorsOf, getRun, listRuns, type RunQuery, type StoredRun } from '../store/runs/run-table.ts';
import type { Connect } from '../sync/connect.ts';
import { forestConnector, isTenant } from './connectors.ts';

type Query = ServedInput<typeof routes.listRuns>['query'];

/** @throws CausewayError 'no-such-connector', 'no-such-profile' */
export function showRuns(connect: Connect, query: Query): RunResult[] {
  connect.storeRuns();
  const { connector, profile, since, before, number, limit } = query;
  const profiles = profile === undefined ? undefined : profilesCalled(connect, profile);
  const filter = { since, before, number, limit };
  const found = listRuns(connect.store.db, { ...filter, of: whose(connect, connector, profiles) });
  return found.map(run => describeRun(connect, run));
}

/** @throws CausewayError 'no-such-run' */
export function showRun(connect: Connect, id: string): RunDetails {
  connect.storeRuns();
  const { db, scheduler } = connect.store;
  const run = getRun(db, id);
  if (run === undefined) {
    const days = Math.round(scheduler.purgeInterval / 86_400);
    const text = `there is no run ${id}: runs are kept for ${days} days`;
    throw new CausewayError('no-such-run', text);
  }
  const objectErrors = errorsOf(db, id).map(({ guid, dn, code, reason }) => ({
    ...{ objectId: guid, distinguishedName: dn, code, reason },
  }));
  return { run: describeRun(connect, run), objectErrors };
}

interface Called {
  readonly connector: string;
  readonly profile: RunProfile;
}

/** The connectors that have a run profile of this name or identifier. The tenant's profiles are each forest's exports. */
function profilesCalled(connect: Connect, called: string): Called[] {
  const tenantId = connect.tenantConnector.settings.get().identifier;
  const found = connect.connectors.flatMap(({ name, context }) => {
    const { identifier } = context.store.settings.get();
    return RUN_PROFILES.filter(profile => {
      const of = profile.side === 'tenant' ? tenantId : identifier;
      return profile.name === called || profileId(of, profile) === called;
    }).map(profile => ({ connector: name, profile }));
  });
  if (found.length > 0) return found;
  const known = RUN_PROFILES.map(({ name }) => `'${name}'`).join(', ');
  throw new CausewayError('no-such-profile', `there is no run profile '${called}': known are ${known}`);
}

function whose(connect: Connect, name: string | undefined, profiles: Called[] | undefined): RunQuery['of'] {
  if (name === undefined && profiles === undefined) return undefined;
  const called =
    profiles ??
    connect.connectors.flatMap(connector =>
      RUN_PROFILES.map(profile => ({ connector: connector.name, profile })),
    );
  if (name === undefined) return called;
  if (isTenant(connect, name)) return called.filter(({ profile }) => profile.side === 'tenant');
  const forest = forestConnector(connect, name).name;
  return called.filter(({ connector }) => connector === forest);
}

function describeRun(connect: Connect, run: StoredRun): RunResult {
  const profile = profileOf(run);
  const { tenantConnector, connectors } = connect;
  const source = connectors.find(({ name }) => name === run.connector);
  const owner =
    profile.side === 'tenant'
      ? { name: tenantConnector.name, settings: tenantConnector.settings.get() }
      : { name: run.connector, settings: source?.context.store.settings.get() };
  const isRunComplete = run.result !== 'in-progress';
  const { adds, updates, deletes, unchanged, errors } = run.counts;
  // If a connector is not configured any more, Connect knows only its runs.
  const connectorId = owner.settings?.identifier ?? NOBODY;
  return {
    ...{ runHistoryId: run.id, runNumber: run.number, connectorId, connectorName: owner.name },
    ...{
      sourceConnector: run.connector,
      runProfileId: profileId(connectorId, profile),
      runProfileName: profile.name,
    },
    ...{ kind: run.kind, isRunComplete, result: run.result, problem: run.problem ?? null },
    ...{ startDate: run.startedAt, endDate: isRunComplete ? run.endedAt : null, looks: run.looks },
    ...{ adds, updates, deletes, noChange: unchanged, errors },
  };
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
