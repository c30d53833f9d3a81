import type { HttpServer } from '@causeway/api';
import { nameRoutes } from '@causeway/contract';
import { seeNameDifference } from '../feed/name-differences.ts';
import { freeName, giveName, readNameClaims } from '../people/name-claims.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerNames(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, nameRoutes.readNameClaims, async ({ query }, { scope }) =>
    readNameClaims(scope, query.name),
  );
  registerRoute(server, context, nameRoutes.freeName, async ({ body, address }, caller) => {
    const claims = await freeName(caller.scope, body.name);
    const by = caller.userId;
    context.log.warn({ tenant: caller.scope.tenantName, by, address, to: claims.holder?.id }, 'name freed');
    return claims;
  });
  registerRoute(server, context, nameRoutes.seeNameDifference, async ({ body, address }, caller) => {
    await seeNameDifference(caller.scope, body.name);
    const by = caller.userId;
    context.log.warn({ tenant: caller.scope.tenantName, by, address }, 'difference of a name acknowledged');
    return {};
  });
  registerRoute(server, context, nameRoutes.giveName, async ({ body, address }, caller) => {
    const claims = await giveName(caller.scope, body.name, body.user);
    const by = caller.userId;
    context.log.warn(
      { tenant: caller.scope.tenantName, by, address, to: claims.holder?.id },
      'name handed over',
    );
    return claims;
  });
}
