import type { HttpServer } from '@causeway/api';
import { stagingRoutes as routes } from '@causeway/contract';
import { createPromotion, promote } from '../clients/staging.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerStaging(server: HttpServer, context: RouteContext): void {
  const { log } = context;
  registerRoute(server, context, routes.createPromotion, async ({ params, body }, { scope }) => {
    const { code, expiresAt, name: agent } = await createPromotion(scope, params.id, body.demotes);
    const about = { tenant: scope.tenantName, agentId: params.id, agent, demotes: body.demotes };
    log.info(about, 'promotion code created');
    return { code, expiresAt: expiresAt.toISOString() };
  });
  registerRoute(server, context, routes.promote, async ({ body, address }, caller) => {
    const { scope, agentId, agentName: agent } = caller;
    const demoted = await promote(caller, body.code);
    log.warn({ tenant: scope.tenantName, agentId, agent, demoted, address }, 'agent promoted');
    return { demoted };
  });
  registerRoute(server, context, routes.readStanding, async (_input, { staging }) => ({ staging }));
}
