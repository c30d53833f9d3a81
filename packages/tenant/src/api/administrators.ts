import type { HttpServer } from '@causeway/api';
import { administratorRoutes } from '@causeway/contract';
import { listAdministrators, listTokens, revokeToken, setAdministrator } from '../people/administrators.ts';
import { type RouteContext, refuseOwn, registerRoute } from './register-route.ts';

export function registerAdministrators(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, administratorRoutes.listAdministrators, async (_input, { scope }) => ({
    administrators: await listAdministrators(scope),
  }));
  registerRoute(server, context, administratorRoutes.addAdministrator, async ({ body, address }, caller) => {
    const user = await setAdministrator(caller.scope, body.user, true);
    const by = caller.userId;
    context.log.warn(
      { tenant: caller.scope.tenantName, userId: user.id, by, address },
      'administrator added',
    );
    return {};
  });
  registerRoute(
    server,
    context,
    administratorRoutes.removeAdministrator,
    async ({ params, address }, caller) => {
      const by = caller.userId;
      await refuseOwn(caller.scope, params.user, by);
      const user = await setAdministrator(caller.scope, params.user, false);
      context.log.warn(
        { tenant: caller.scope.tenantName, userId: user.id, by, address },
        'administrator removed',
      );
      return {};
    },
  );
  registerRoute(server, context, administratorRoutes.listTokens, async (_input, caller) => ({
    tokens: await listTokens(caller.scope, caller.tokenId),
  }));
  registerRoute(server, context, administratorRoutes.revokeToken, async ({ params, address }, caller) => {
    await revokeToken(caller.scope, params.id);
    const by = caller.userId;
    context.log.warn(
      { tenant: caller.scope.tenantName, token: params.id, by, address },
      'administrator token revoked',
    );
    return {};
  });
}
