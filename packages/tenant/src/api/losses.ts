import type { HttpServer } from '@causeway/api';
import { lossRoutes } from '@causeway/contract';
import { listLosses, seeLoss } from '../losses/losses.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerLosses(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, lossRoutes.listLosses, async (_input, { scope }) => ({
    losses: await listLosses(scope),
  }));
  registerRoute(server, context, lossRoutes.seeLoss, async ({ body, address }, { scope, userId: by }) => {
    await seeLoss(scope, body.id, by);
    context.log.warn(
      { tenant: scope.tenantName, loss: body.id, by, address },
      'loss of changes acknowledged',
    );
    return {};
  });
}
