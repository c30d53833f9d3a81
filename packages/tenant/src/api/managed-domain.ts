import { managedDomainRoutes } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { FastifyInstance } from 'fastify';
import { readChanges, registerDomainKey, storeReports } from '../directory/managed-domain.ts';
import { agentOf } from './provisioning.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerManagedDomain(server: FastifyInstance, context: RouteContext): void {
  registerRoute(server, context, managedDomainRoutes.registerDomainKey, async ({ body }, caller) => {
    await registerDomainKey(caller.scope, agentOf(caller).agentId, body);
    context.log.info(
      { tenant: caller.scope.tenantName, realm: body.realm, fingerprint: body.key.fingerprint },
      'managed domain key registered',
    );
    return {};
  });
  registerRoute(server, context, managedDomainRoutes.readChanges, async ({ query, signal }, { scope }) =>
    readChanges(scope, { ...query, after: parseCursor(query.after) }, signal),
  );
  registerRoute(server, context, managedDomainRoutes.reportApplied, async ({ body }, { scope }) => {
    await storeReports(scope, body.reports);
    return {};
  });
}

function parseCursor(text: string): number {
  if (text === '') return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CausewayError('bad-request', 'query.after: a cursor that this feed gave out expected');
}
