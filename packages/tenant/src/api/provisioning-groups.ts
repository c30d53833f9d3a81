import type { HttpServer } from '@causeway/api';
import { synchronizedGroupRoutes as routes } from '@causeway/contract';
import { GroupDigests, readGroupLines } from '../comparison/group-lines.ts';
import { provisionGroups } from '../provisioning/provision-groups.ts';
import { provisionMembers } from '../provisioning/provision-members.ts';
import { ANY_CHANGES, BATCH_BODY_LIMIT } from './provisioning.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

/** Routes for a Connect's groups and their members. */
export function registerGroupProvisioning(server: HttpServer, context: RouteContext): void {
  const digests = new GroupDigests();
  registerRoute(
    server,
    context,
    routes.exportGroups,
    async ({ body }, caller) => ({
      verdicts: await provisionGroups(caller, body.forest, body.changes),
    }),
    { bodyLimit: BATCH_BODY_LIMIT, body: routes.exportGroups.body!.extend(ANY_CHANGES) },
  );
  registerRoute(
    server,
    context,
    routes.exportMembers,
    async ({ body }, caller) => ({
      verdicts: await provisionMembers(caller, body.forest, body.changes),
    }),
    { bodyLimit: BATCH_BODY_LIMIT, body: routes.exportMembers.body!.extend(ANY_CHANGES) },
  );
  registerRoute(server, context, routes.compareGroups, async ({ body }, { scope }) => ({
    differing: await digests.differingFrom(scope, body.forest, body.buckets),
  }));
  registerRoute(server, context, routes.readGroupLines, ({ body }, { scope }) => readGroupLines(scope, body));
}
