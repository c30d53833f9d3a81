import type { HttpServer } from '@causeway/api';
import { ACCEPTED_RECORDS, MAX_BATCH, synchronizationRoutes as routes } from '@causeway/contract';
import { z } from 'zod';
import { differingFrom } from '../comparison/digests.ts';
import { readLines } from '../comparison/lines.ts';
import { readDomainAccepts, readSyncConfig } from '../feed/managed-domain.ts';
import { readReceipt, storeHead } from '../feed/statements.ts';
import { storeConnectReport } from '../feed/status.ts';
import { MarkKeeper } from '../losses/losses.ts';
import { provisionCredentials } from '../provisioning/provision-credentials.ts';
import { provisionObjects } from '../provisioning/provision-objects.ts';
import { provisionWithdrawals } from '../provisioning/provision-withdrawals.ts';
import { otherRuns, type RouteContext, registerRoute } from './register-route.ts';

/** 500 items with their records of up to 16,384 characters each, and some room. */
export const BATCH_BODY_LIMIT = 16 * 1024 * 1024;

/** Each item is checked on its own, so that a bad one affects only itself. */
export const ANY_CHANGES = { changes: z.array(z.unknown()).min(1).max(MAX_BATCH) };

export function registerProvisioning(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, routes.getSyncConfiguration, async (_input, caller) => ({
    tenantId: caller.scope.tenantId,
    tenantName: caller.scope.tenantName,
    minimumAgentVersion: context.minimumAgentVersion,
    windowsCredentialsSyncConfig: await readSyncConfig(caller.scope),
    // A Connect that announces nothing is of a release that does not know these members.
    ...(caller.accepts && {
      accepts: [...ACCEPTED_RECORDS],
      domainAccepts: await readDomainAccepts(caller.scope),
    }),
    ...otherRuns(context, caller),
  }));
  registerRoute(
    server,
    context,
    routes.exportObjects,
    async ({ body }, caller) => ({
      verdicts: await provisionObjects(caller, body.forest, body.changes),
    }),
    { bodyLimit: BATCH_BODY_LIMIT, body: routes.exportObjects.body!.extend(ANY_CHANGES) },
  );
  registerRoute(
    server,
    context,
    routes.exportCredentials,
    async ({ body }, caller) => ({
      verdicts: await provisionCredentials(caller, body),
    }),
    { bodyLimit: BATCH_BODY_LIMIT, body: routes.exportCredentials.body!.extend(ANY_CHANGES) },
  );
  registerRoute(
    server,
    context,
    routes.exportWithdrawals,
    async ({ body }, caller) => ({
      verdicts: await provisionWithdrawals(caller, body.forest, body.changes),
    }),
    { bodyLimit: BATCH_BODY_LIMIT, body: routes.exportWithdrawals.body!.extend(ANY_CHANGES) },
  );
  registerRoute(server, context, routes.reportConnectStatus, async ({ body }, caller) => {
    await storeConnectReport(caller.scope, caller, body);
    return {};
  });
  registerRoute(server, context, routes.putHead, async ({ body }, caller) => {
    await storeHead(caller, body.forest, body.head);
    return { receipt: await readReceipt(caller.scope, body.forest) };
  });
  registerRoute(server, context, routes.compareForest, async ({ body }, caller) => ({
    differing: await differingFrom(caller.scope, body.forest, body.buckets),
    mark: await (await MarkKeeper.of(caller, context.installation, context.log)).exchange(body.mark),
  }));
  registerRoute(server, context, routes.readLines, ({ body }, caller) => readLines(caller.scope, body));
}
