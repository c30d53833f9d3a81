import type { HttpServer } from '@causeway/api';
import { userRoutes } from '@causeway/contract';
import { setBlocked } from '../people/blocks.ts';
import {
  createCloudUser,
  deleteCloudUser,
  type MadePassword,
  resetPassword,
  setEnabled,
} from '../people/cloud-users.ts';
import { type RouteContext, refuseOwn, registerRoute } from './register-route.ts';

export function registerUsers(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, userRoutes.createUser, async ({ body, address }, caller) => {
    const made = await createCloudUser(caller.scope, { ...body, administrator: false, mustChange: true });
    const by = caller.userId;
    context.log.info({ tenant: caller.scope.tenantName, userId: made.id, by, address }, 'user created');
    return shown(made);
  });
  registerRoute(server, context, userRoutes.resetPassword, async ({ params, address }, caller) => {
    const made = await resetPassword(caller.scope, params.id);
    const by = caller.userId;
    context.log.warn({ tenant: caller.scope.tenantName, userId: made.id, by, address }, 'password reset');
    return shown(made);
  });
  registerRoute(server, context, userRoutes.setUserEnabled, async ({ params, body, address }, caller) => {
    const by = caller.userId;
    if (!body.enabled) await refuseOwn(caller.scope, params.id, by);
    const user = await setEnabled(caller.scope, params.id, body.enabled);
    context.log.warn(
      { tenant: caller.scope.tenantName, userId: user.id, by, address, enabled: body.enabled },
      'user enabled or disabled',
    );
    return {};
  });
  registerRoute(server, context, userRoutes.setUserBlocked, async ({ params, body, address }, caller) => {
    const by = caller.userId;
    if (body.blocked) await refuseOwn(caller.scope, params.id, by);
    const user = await setBlocked(caller.scope, params.id, body.blocked);
    context.log.warn(
      { tenant: caller.scope.tenantName, userId: user.id, by, address, blocked: body.blocked },
      'user blocked or unblocked',
    );
    return {};
  });
  registerRoute(server, context, userRoutes.deleteUser, async ({ params, address }, caller) => {
    const by = caller.userId;
    await refuseOwn(caller.scope, params.id, by);
    const user = await deleteCloudUser(caller.scope, params.id);
    context.log.warn({ tenant: caller.scope.tenantName, userId: user.id, by, address }, 'user deleted');
    return {};
  });
}

const shown = ({ id, userPrincipalName, password }: MadePassword) => ({
  id,
  userPrincipalName,
  temporaryPassword: password,
});
