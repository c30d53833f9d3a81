import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ConnectorName, Identifier } from './parameters.ts';

const Seconds = z.int().nonnegative();

export const PolicyType = z.enum(['Delta', 'Initial']);

export const Scheduler = z.strictObject({
  allowedSyncCycleInterval: Seconds,
  currentlyEffectiveSyncCycleInterval: Seconds,
  customizedSyncCycleInterval: Seconds.nullable(),
  nextSyncCyclePolicyType: PolicyType,
  nextSyncCycleStartTimeInUTC: Timestamp.nullable(),
  purgeRunHistoryInterval: Seconds,
  syncCycleEnabled: z.boolean(),
  maintenanceEnabled: z.boolean(),
  stagingModeEnabled: z.boolean(),
  schedulerSuspended: z.boolean(),
  syncCycleInProgress: z.boolean(),
});
export type Scheduler = z.infer<typeof Scheduler>;

export const SchedulerChange = z.strictObject({
  /** Null removes the customized interval. */
  customizedSyncCycleInterval: Seconds.min(30)
    .max(7 * 86_400)
    .nullable()
    .optional(),
  syncCycleEnabled: z.boolean().optional(),
  nextSyncCyclePolicyType: PolicyType.optional(),
  purgeRunHistoryInterval: Seconds.min(3600)
    .max(365 * 86_400)
    .optional(),
  maintenanceEnabled: z.boolean().optional(),
  schedulerSuspended: z.boolean().optional(),
});

export const ConnectorRunStatus = z.strictObject({
  runState: z.literal('Busy'),
  connectorName: ConnectorName,
});

const Count = z.int().nonnegative();

/** What one cycle of a connector did. */
export const CycleSummary = z.strictObject({
  connector: z.string(),
  imported: Count,
  full: z.boolean(),
  upserted: Count,
  deleted: Count,
  refused: Count,
  retried: Count,
  suppressedDeletes: Count,
  suppressedCreations: Count,
  /** Slices of group members that were sent. */
  slices: Count.default(0),
  passwords: z.strictObject({ read: Count, sent: Count }),
  milliseconds: z.number(),
});
export type CycleSummary = z.infer<typeof CycleSummary>;

/** What a connector's next cycle repeats in full. */
export const ConnectorOverride = z.strictObject({
  connectorId: Identifier,
  connectorName: ConnectorName,
  fullImportRequired: z.boolean(),
  fullSyncRequired: z.boolean(),
});
export type ConnectorOverride = z.infer<typeof ConnectorOverride>;

/** When cycles run, and how to start one now. */
export const schedulerRoutes = {
  getScheduler: route({
    method: 'GET',
    path: '/api/v1/scheduler',
    access: ['operator'],
    summary: 'intervals in seconds, what runs next and when',
    reply: Scheduler,
  }),
  setScheduler: route({
    method: 'PUT',
    path: '/api/v1/scheduler',
    access: ['operator'],
    summary: 'changes what is given and leaves the rest',
    body: SchedulerChange,
    reply: Scheduler,
  }),
  startSyncCycle: route({
    method: 'POST',
    path: '/api/v1/cycles',
    access: ['operator'],
    summary:
      'starts a cycle of every connector; Initial reads the whole directory and decides on every object again. Does not wait for its end',
    body: z.strictObject({ policyType: PolicyType.default('Delta') }),
    reply: z.strictObject({ started: z.boolean() }),
  }),
  stopSyncCycle: route({
    method: 'DELETE',
    path: '/api/v1/cycles',
    access: ['operator'],
    summary: 'stops a cycle that is under way at its next safe point, and waits for that',
    reply: z.strictObject({ stopped: z.boolean() }),
  }),
  sync: route({
    method: 'POST',
    path: '/api/v1/cycles/now',
    access: ['operator'],
    summary: 'one cycle of every connector, or of one, and its outcome when it is through',
    body: z.strictObject({
      connector: ConnectorName.optional(),
      /** From older releases. More than 0 is refused; the error names the replacement. */
      allowDeletes: z.int().min(0).default(0),
      policyType: PolicyType.default('Delta'),
    }),
    reply: z.strictObject({ cycles: z.array(CycleSummary) }),
  }),
  listOverrides: route({
    method: 'GET',
    path: '/api/v1/scheduler/overrides',
    access: ['operator'],
    summary: "what of the connectors' next cycles is done anew",
    query: z.strictObject({ connector: ConnectorName.optional() }),
    reply: z.strictObject({ overrides: z.array(ConnectorOverride) }),
  }),
  setOverride: route({
    method: 'PUT',
    path: '/api/v1/scheduler/overrides/:name',
    access: ['operator'],
    summary: "lets a forest's next cycle import or synchronize everything anew; the tenant imports nothing",
    params: z.strictObject({ name: ConnectorName }),
    body: ConnectorOverride.pick({ fullImportRequired: true, fullSyncRequired: true }).partial(),
    reply: ConnectorOverride,
  }),
  listRunStatus: route({
    method: 'GET',
    path: '/api/v1/cycles/running',
    access: ['operator'],
    summary: 'connectors that are busy: all of them during a cycle that was asked for; none when all is idle',
    query: z.strictObject({ connector: ConnectorName.optional() }),
    reply: z.strictObject({ running: z.array(ConnectorRunStatus) }),
  }),
};
