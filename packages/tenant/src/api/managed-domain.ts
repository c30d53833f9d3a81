import { managedDomainRoutes } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { FastifyInstance } from 'fastify';
import { readTenantKey } from '../directory/cloud-records.ts';
import { requireDomainAdministrator } from '../directory/groups.ts';
import { readChanges, registerDomainKey, storeReports, withdrawDomain } from '../directory/managed-domain.ts';
import { agentOf } from './provisioning.ts';
import { administratorOf, type RouteContext, registerRoute } from './register-route.ts';

export function registerManagedDomain(server: FastifyInstance, context: RouteContext): void {
  registerRoute(server, context, managedDomainRoutes.registerDomainKey, async ({ body }, caller) => {
    await registerDomainKey(caller.scope, agentOf(caller).agentId, body);
    context.log.info(
      { tenant: caller.scope.tenantName, realm: body.realm, fingerprint: body.key.fingerprint },
      'managed domain key registered',
    );
    return {};
  });
  registerRoute(server, context, managedDomainRoutes.withdrawDomain, async ({ address }, caller) => {
    const { userId } = administratorOf(caller);
    await requireDomainAdministrator(caller.scope, userId);
    const { realm } = await withdrawDomain(caller.scope);
    context.log.warn(
      { tenant: caller.scope.tenantName, realm, by: userId, address },
      'managed domain withdrawn',
    );
    return {};
  });
  registerRoute(server, context, managedDomainRoutes.readTenantKey, async (_input, { scope }) => ({
    key: await readTenantKey(scope),
  }));
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
