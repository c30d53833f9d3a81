import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ConnectorName, Identifier } from './parameters.ts';

const Count = z.int().nonnegative();

/** What a connector does in one run. The names are those of the original's run profiles, and two of our own. */
export const RunProfile = z.strictObject({
  name: z.string(),
  identifier: Identifier,
});
export type RunProfile = z.infer<typeof RunProfile>;

export const RunResult = z.strictObject({
  runHistoryId: Identifier,
  /** Rises over all connectors. */
  runNumber: z.int(),
  /** The connector that ran: the tenant's for an export, otherwise the forest's. */
  connectorId: Identifier,
  connectorName: ConnectorName,
  /** The connector of the forest that the run was for. */
  sourceConnector: ConnectorName,
  runProfileId: Identifier,
  runProfileName: z.string(),
  kind: z.enum(['import', 'synchronization', 'export', 'passwords']),
  isRunComplete: z.boolean(),
  /** The original's words: `success`, `completed-export-errors`, `no-start-connection`, … */
  result: z.string(),
  /** Why it did not start, or stopped. */
  problem: z.string().nullable(),
  startDate: Timestamp,
  /** Null while it runs. */
  endDate: Timestamp.nullable(),
  /** Consecutive runs that found nothing are shown as one: how many there were. */
  looks: z.int().positive(),
  adds: Count,
  updates: Count,
  deletes: Count,
  noChange: Count,
  /** Objects with an error. */
  errors: Count,
});
export type RunResult = z.infer<typeof RunResult>;

export const RunObjectError = z.strictObject({
  objectId: z.string(),
  distinguishedName: z.string(),
  code: z.string(),
  reason: z.string(),
});

export const RunDetails = z.strictObject({
  run: RunResult,
  /** The first hundred objects with an error. */
  objectErrors: z.array(RunObjectError),
});
export type RunDetails = z.infer<typeof RunDetails>;

/** Most runs in one answer, unless the request asks for more. */
export const RUNS_SHOWN = 100;
export const MAX_RUNS_SHOWN = 10_000;

/** What Connect did. Kept for the scheduler's purge interval, a week. */
export const runRoutes = {
  listRuns: route({
    method: 'GET',
    path: '/api/v1/runs',
    access: ['operator'],
    summary: 'imports, synchronizations, exports and password cycles with what they did, newest first',
    query: z.strictObject({
      /** Name or identifier: a forest's, including exports of its objects, or the tenant's. */
      connector: ConnectorName.optional(),
      /** Name or identifier. */
      profile: z.string().max(100).optional(),
      /** Runs that ended since then, or still run. */
      since: Timestamp.optional(),
      /** Runs before this number: the rest of a list that its limit cut off. */
      before: z.coerce.number().int().positive().optional(),
      number: z.coerce.number().int().positive().optional(),
      limit: z.coerce.number().int().min(1).max(MAX_RUNS_SHOWN).default(RUNS_SHOWN),
    }),
    reply: z.strictObject({ runs: z.array(RunResult) }),
  }),
  getRun: route({
    method: 'GET',
    path: '/api/v1/runs/:id',
    access: ['operator'],
    summary: 'one run, with the objects that had an error',
    params: z.strictObject({ id: Identifier }),
    reply: RunDetails,
  }),
};
