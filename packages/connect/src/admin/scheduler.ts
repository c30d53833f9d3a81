import type {
  ReplyOf,
  connectAdministrationRoutes as routes,
  Scheduler,
  SchedulerChange,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { z } from 'zod';
import type { Connect } from '../sync/connect.ts';
import { effectiveInterval } from '../sync/effective-interval.ts';

export function describeScheduler(connect: Connect): Scheduler {
  const { scheduler, staging } = connect.store;
  const interval = effectiveInterval(connect);
  return {
    allowedSyncCycleInterval: Math.round(connect.configuration.cycleIntervalMs / 1000),
    currentlyEffectiveSyncCycleInterval: Math.round(interval),
    customizedSyncCycleInterval: scheduler.customizedInterval ?? null,
    nextSyncCyclePolicyType: connect.connectors.some(({ nextPolicy }) => nextPolicy === 'Initial')
      ? 'Initial'
      : 'Delta',
    nextSyncCycleStartTimeInUTC: nextStart(connect, interval * 1000),
    purgeRunHistoryInterval: scheduler.purgeInterval,
    syncCycleEnabled: scheduler.syncCycleEnabled,
    maintenanceEnabled: scheduler.maintenanceEnabled,
    stagingModeEnabled: staging.since !== undefined,
    schedulerSuspended: scheduler.suspended,
    syncCycleInProgress: listRunStatus(connect, undefined).length > 0,
  };
}

/** When a cycle is due. A time in the past shows that cycles stand still: suspended, switched off, or failing. */
function nextStart({ connectors }: Connect, intervalMs: number): string {
  const starts = connectors.map(({ context }) => {
    const last = context.store.cursors.get('last-object-cycle-at');
    return last === undefined ? context.store.clock.now() : Date.parse(last) + intervalMs;
  });
  return new Date(Math.min(...starts)).toISOString();
}

export function changeScheduler(
  connect: Connect,
  change: z.output<typeof SchedulerChange>,
  caller: string,
): Scheduler {
  const { scheduler, db, events } = connect.store;
  db.transaction(() => {
    const set = (name: Parameters<typeof scheduler.set>[0], value: boolean | number | null | undefined) => {
      if (value !== undefined) scheduler.set(name, value);
    };
    set('customized-interval', change.customizedSyncCycleInterval);
    set('sync-cycle-enabled', change.syncCycleEnabled);
    set('purge-interval', change.purgeRunHistoryInterval);
    set('maintenance-enabled', change.maintenanceEnabled);
    set('scheduler-suspended', change.schedulerSuspended);
    for (const connector of connect.connectors) {
      if (change.nextSyncCyclePolicyType) connector.nextPolicy = change.nextSyncCyclePolicyType;
    }
    const fields = Object.entries(change).map(([name, value]) => `${name} ${value}`);
    events.add('schedulerChanged', null, `the scheduler was changed by ${caller}: ${fields.join(', ')}`);
  });
  return describeScheduler(connect);
}

/**
 * Begins a cycle of every connector and does not wait for its end. The status shows a failure.
 * @throws CausewayError 'scheduler-suspended', 'cycle-in-progress'
 */
export function startCycle(connect: Connect, initial: boolean): { started: boolean } {
  if (connect.store.scheduler.suspended) {
    const text =
      'the scheduler is suspended: end that first (Set-ADSyncScheduler -SchedulerSuspended $false)';
    throw new CausewayError('scheduler-suspended', text);
  }
  if (connect.isCycleAsked) {
    // Scripts look for the original's words. The tenant's connector is the busy one, because every pair ends in it.
    const text = `connector: ${connect.tenantConnector.name} is busy: a cycle that was asked for is under way, wait for its end or stop it`;
    throw new CausewayError('cycle-in-progress', text);
  }
  connect
    .sync({ initial })
    .catch((error: unknown) =>
      connect.log.warn({ err: (error as Error).message }, 'a requested cycle failed'),
    );
  return { started: true };
}

export async function stopCycle(connect: Connect): Promise<{ stopped: boolean }> {
  return { stopped: await connect.stopCycles() };
}

/**
 * Which connectors are busy. INVARIANT: while no other cycle may start, every connector is. Otherwise a connector before or after
 * its turn would look idle, and a script would try to start the next cycle.
 */
export function listRunStatus(
  connect: Connect,
  name: string | undefined,
): ReplyOf<typeof routes.listRunStatus>['running'] {
  const { connectors, tenantConnector, isCycleAsked } = connect;
  const imports = connectors.filter(({ busy }) => isCycleAsked || busy === 'import');
  const exports = isCycleAsked || connectors.some(({ busy }) => busy === 'export');
  return [...(exports ? [tenantConnector] : []), ...imports]
    .map(each => each.name)
    .filter(each => name === undefined || each === name)
    .map(connectorName => ({ runState: 'Busy', connectorName }));
}
