import type {
  ReplyOf,
  connectAdministrationRoutes as routes,
  Scheduler,
  SchedulerChange,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { z } from 'zod';
import type { Connect } from '../connect.ts';
import { EventId } from '../store/events.ts';

/** Seconds from one automatic cycle to the next: never less than the configuration allows, as in the original. */
export function effectiveInterval({
  configuration,
  store,
}: Pick<Connect, 'configuration' | 'store'>): number {
  return Math.max(configuration.cycleIntervalMs / 1000, store.scheduler.customizedInterval ?? 0);
}

export function describeScheduler(connect: Connect): Scheduler {
  const { scheduler } = connect.store;
  const interval = effectiveInterval(connect);
  return {
    allowedSyncCycleInterval: Math.round(connect.configuration.cycleIntervalMs / 1000),
    currentlyEffectiveSyncCycleInterval: Math.round(interval),
    customizedSyncCycleInterval: scheduler.customizedInterval ?? null,
    nextSyncCyclePolicyType: connect.connectors.some(({ nextPolicy }) => nextPolicy === 'Initial')
      ? 'Initial'
      : 'Delta',
    nextSyncCycleStartTimeInUTC: scheduler.automatic ? nextStart(connect, interval * 1000) : null,
    purgeRunHistoryInterval: scheduler.purgeInterval,
    syncCycleEnabled: scheduler.syncCycleEnabled,
    maintenanceEnabled: scheduler.maintenanceEnabled,
    stagingModeEnabled: false,
    schedulerSuspended: scheduler.suspended,
    syncCycleInProgress: connect.connectors.some(({ busy }) => busy !== undefined),
  };
}

function nextStart({ connectors }: Connect, intervalMs: number): string {
  const now = Date.now();
  const starts = connectors.map(({ context }) => {
    const last = context.store.cursors.get('last-object-cycle-at');
    return last === undefined ? now : Date.parse(last) + intervalMs;
  });
  return new Date(Math.max(now, Math.min(...starts))).toISOString();
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
    events.add(
      EventId.scheduler,
      'info',
      null,
      `the scheduler was changed by ${caller}: ${fields.join(', ')}`,
    );
  });
  return describeScheduler(connect);
}

/**
 * Begins a cycle of every connector and does not wait for its end; a failure shows in the status.
 * @throws CausewayError 'scheduler-suspended', 'cycle-in-progress'
 */
export function startCycle(connect: Connect, initial: boolean): { started: boolean } {
  if (connect.store.scheduler.suspended) {
    const text =
      'the scheduler is suspended: end that first (Set-ADSyncScheduler -SchedulerSuspended $false)';
    throw new CausewayError('scheduler-suspended', text, { status: 409 });
  }
  if (running.has(connect)) {
    const text = 'a cycle that was asked for is under way: wait for its end, or stop it';
    throw new CausewayError('cycle-in-progress', text, { status: 409 });
  }
  const cycles = connect
    .sync({ initial })
    .catch((error: unknown) =>
      connect.log.warn({ err: (error as Error).message }, 'a cycle that was asked for'),
    )
    .finally(() => running.delete(connect));
  running.set(connect, cycles);
  return { started: true };
}

const running = new WeakMap<Connect, Promise<unknown>>();

export async function stopCycle({ connectors }: Connect): Promise<{ stopped: boolean }> {
  const stopped = await Promise.all(connectors.map(connector => connector.stopCycle()));
  return { stopped: stopped.includes(true) };
}

export function listRunStatus(
  connect: Connect,
  name: string | undefined,
): ReplyOf<typeof routes.listRunStatus>['running'] {
  const busy: string[] = [];
  for (const connector of connect.connectors) if (connector.busy === 'import') busy.push(connector.name);
  if (connect.connectors.some(connector => connector.busy === 'export'))
    busy.push(connect.tenantConnector.name);
  return busy
    .filter(each => name === undefined || each === name)
    .map(connectorName => ({ runState: 'Busy', connectorName }));
}
