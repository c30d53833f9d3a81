import { administrationRoutes, type UserStatus } from '@causeway/contract';
import { nameKey } from '@causeway/wire';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { readTenantStatus } from '../feed/status.ts';
import { existingUser, type User, userStatus } from '../people/users.ts';
import { readLocks } from '../sign-in/lockout.ts';
import { counterKey } from '../sign-in/sign-in.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerAdministration(server: FastifyInstance, context: RouteContext): void {
  const statusOf = async (scope: TenantScope, users: readonly User[]): Promise<UserStatus[]> => {
    const keys = await context.installation.readKeys(scope);
    const counters = users.map(user => counterKey(keys, user.sign_in_name ?? ''));
    const locks = await readLocks(scope, counters, scope.now());
    return users.map((user, index) => userStatus(user, locks.get(counters[index]!)));
  };
  registerRoute(server, context, administrationRoutes.getTenantStatus, async (_input, { scope }) =>
    readTenantStatus(scope),
  );
  registerRoute(server, context, administrationRoutes.listUsers, async ({ query }, { scope }) => {
    const rows = await scope
      .select('users')
      .selectAll()
      .where('deleted_at', 'is', null)
      .where('upn_key', '>', nameKey(query.after))
      .$if(query.missing === 'legacy', users => users.where(missesLegacy))
      .orderBy('upn_key')
      .limit(query.limit + 1)
      .execute();
    const users = rows.slice(0, query.limit);
    return { users: await statusOf(scope, users), more: rows.length > users.length };
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
    async ({ params, address }, { scope, ...caller }) => {
      const user = await existingUser(scope, params.id);
      await scope
        .update('users')
        .set({ order_version: null, order_time: null, order_invocation_id: null })
        .where('id', '=', user.id)
        .execute();
      const by = caller.role === 'admin' ? caller.userId : undefined;
      context.log.warn(
        { tenant: scope.tenantName, userId: user.id, by, address },
        'older password order accepted',
      );
      return {};
    },
  );
}

/** Legacy credentials that are not there, or of which nobody has said that they are in the managed domain. */
const missesLegacy = sql<boolean>`(credential_record is null or legacy_outcome is null
  or legacy_outcome not in ('applied', 'unchanged'))`;
