import { type HttpServer, pageThatFits } from '@causeway/api';
import { administrationRoutes, type UserStatus } from '@causeway/contract';
import { agentsRunningTwice } from '../clients/agents.ts';
import { readTenantStatus } from '../feed/status.ts';
import { managersOf } from '../people/managers.ts';
import { existingUser, forgetPasswordOrders, listUsers, type User, userStatus } from '../people/users.ts';
import { readLocks } from '../sign-in/lockout.ts';
import { counterKey } from '../sign-in/sign-in.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerAdministration(server: HttpServer, context: RouteContext): void {
  const statusOf = async (scope: TenantScope, users: readonly User[]): Promise<UserStatus[]> => {
    const keys = await context.installation.readKeys(scope);
    const counters = users.map(user => counterKey(keys, user.sign_in_name ?? ''));
    const locks = await readLocks(scope, counters, scope.now());
    const managers = await managersOf(scope, users);
    return users.map((user, index) => userStatus(user, locks.get(counters[index]!), managers.get(user.id)));
  };
  registerRoute(server, context, administrationRoutes.getTenantStatus, async (_input, { scope }) => {
    const runningTwice = await agentsRunningTwice(scope, context.installation.runs);
    return { ...(await readTenantStatus(scope)), ...(runningTwice.length > 0 && { runningTwice }) };
  });
  registerRoute(server, context, administrationRoutes.listUsers, async ({ query }, { scope }) => {
    const rows = await listUsers(scope, { ...query, limit: query.limit + 1 });
    const users = pageThatFits(await statusOf(scope, rows.slice(0, query.limit)));
    return { users, more: rows.length > users.length };
  });
  registerRoute(server, context, administrationRoutes.getUser, async ({ params }, { scope }) => {
    const user = await existingUser(scope, params.id);
    const [status] = await statusOf(scope, [user]);
    return status!;
  });
  registerRoute(
    server,
    context,
    administrationRoutes.acceptPasswordOrder,
    async ({ params, address }, { scope, userId: by }) => {
      const user = await existingUser(scope, params.id);
      await forgetPasswordOrders(scope, [user.id]);
      context.log.warn(
        { tenant: scope.tenantName, userId: user.id, by, address },
        'older password order accepted',
      );
      return {};
    },
  );
}
