import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ConnectorName, Identifier } from './parameters.ts';
import { FullPasswordSync } from './status.ts';

/** The password channel's switch, one per pair of connectors. */
export const PasswordSyncConfiguration = z.strictObject({
  sourceConnector: ConnectorName,
  targetConnector: ConnectorName,
  enabled: z.boolean(),
});
export type PasswordSyncConfiguration = z.infer<typeof PasswordSyncConfiguration>;

export const PartitionPasswordSyncState = z.strictObject({
  connectorId: Identifier,
  connectorName: ConnectorName,
  dn: z.string(),
  passwordSyncLastSuccessfulCycleStartTimestamp: Timestamp.nullable(),
  passwordSyncLastSuccessfulCycleEndTimestamp: Timestamp.nullable(),
  passwordSyncLastCycleStartTimestamp: Timestamp.nullable(),
  passwordSyncLastCycleEndTimestamp: Timestamp.nullable(),
  passwordSyncLastCycleStatus: z.enum(['None', 'InProgress', 'Successful', 'Failed', 'Disabled']),
});
export type PartitionPasswordSyncState = z.infer<typeof PartitionPasswordSyncState>;

/** One check of the diagnostics. */
export const Diagnosis = z.strictObject({
  check: z.string(),
  passed: z.boolean(),
  found: z.string(),
  /** What to do; null if the check passed. */
  action: z.string().nullable(),
});
export type Diagnosis = z.infer<typeof Diagnosis>;

const Passes = z.strictObject({
  passes: z.array(
    z.strictObject({
      connector: ConnectorName,
      pass: FullPasswordSync.nullable(),
      /** Present if a pass was still reading, and the request was merged into it. */
      merged: z.literal(true).optional(),
    }),
  ),
});

/** The password channel: its switch, its state, the forced full pass. */
export const passwordSyncRoutes = {
  listPasswordSync: route({
    method: 'GET',
    path: '/api/v1/password-sync',
    access: ['operator'],
    summary: "the password channels' switches, of one source connector or of all",
    query: z.strictObject({ sourceConnector: ConnectorName.optional() }),
    reply: z.strictObject({ configurations: z.array(PasswordSyncConfiguration) }),
  }),
  setPasswordSync: route({
    method: 'PUT',
    path: '/api/v1/password-sync',
    access: ['operator'],
    summary:
      'switches the password channel of a pair of connectors off, or on: on (re)starts it, and a forced full pass begins then',
    body: PasswordSyncConfiguration,
    reply: PasswordSyncConfiguration.extend({
      /** Present if the parameter requested a full pass. A pass that is still reading absorbs the request. */
      fullPass: z.enum(['begun', 'merged']).optional(),
    }),
  }),
  listPartitionStates: route({
    method: 'GET',
    path: '/api/v1/password-sync/partitions',
    access: ['operator'],
    summary: 'when the passwords of each partition were last synchronized',
    query: z.strictObject({ connector: ConnectorName.optional() }),
    reply: z.strictObject({ partitions: z.array(PartitionPasswordSyncState) }),
  }),
  getFullPasswordSync: route({
    method: 'GET',
    path: '/api/v1/password-sync/full',
    access: ['operator'],
    summary: 'the last forced full password sync of each forest, with rate and expected end',
    query: z.strictObject({ connector: ConnectorName.optional() }),
    reply: Passes,
  }),
  forceFullPasswordSync: route({
    method: 'POST',
    path: '/api/v1/password-sync/full',
    access: ['operator'],
    summary:
      "does what the original's script does: sets the parameter, switches the channel off and on; of one forest or of all",
    body: z.strictObject({ connector: ConnectorName.optional() }),
    reply: Passes,
  }),
  diagnosePasswordSync: route({
    method: 'GET',
    path: '/api/v1/diagnostics/password-sync',
    access: ['operator'],
    summary: 'checks the password channel, or the way of one object by connector and distinguished name',
    query: z.strictObject({
      connector: ConnectorName.optional(),
      distinguishedName: z.string().max(2048).optional(),
    }),
    reply: z.strictObject({ checks: z.array(Diagnosis) }),
  }),
};
