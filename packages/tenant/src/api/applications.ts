import type { HttpServer } from '@causeway/api';
import { administrationRoutes, applicationRoutes } from '@causeway/contract';
import {
  changeApplication,
  listApplications,
  registerApplication,
  removeApplication,
} from '../clients/applications.ts';
import { existingSecurityGroup } from '../people/directory-groups.ts';
import { issuerOf } from '../tenancy/issuer.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerApplications(
  server: HttpServer,
  context: RouteContext & { readonly publicUrl: () => string },
): void {
  registerRoute(server, context, applicationRoutes.listApplications, async (_input, { scope }) => ({
    applications: await listApplications(scope),
  }));
  registerRoute(
    server,
    context,
    administrationRoutes.registerApplication,
    async ({ body, address }, caller) => {
      const { scope } = caller;
      const forGroup = body.forGroup && (await existingSecurityGroup(scope, body.forGroup)).id;
      const { clientId, clientSecret } = await registerApplication(scope, { ...body, forGroup });
      const by = caller.userId;
      context.log.info(
        { tenant: scope.tenantName, clientId, application: body.name, forGroup, by, address },
        'application registered',
      );
      const issuer = issuerOf(context.publicUrl(), scope.tenantName);
      return { clientId, issuer, ...(clientSecret !== undefined && { clientSecret }) };
    },
  );
  registerRoute(
    server,
    context,
    applicationRoutes.changeApplication,
    async ({ params, body, address }, caller) => {
      const { scope } = caller;
      const forGroup = body.forGroup && (await existingSecurityGroup(scope, body.forGroup)).id;
      const application = await changeApplication(scope, params.id, { ...body, forGroup });
      const by = caller.userId;
      const { groups } = application;
      context.log.warn(
        {
          tenant: scope.tenantName,
          clientId: params.id,
          groups,
          forGroup: application.forGroup?.id,
          by,
          address,
        },
        'application changed',
      );
      return application;
    },
  );
  registerRoute(server, context, applicationRoutes.removeApplication, async ({ params, address }, caller) => {
    const { scope } = caller;
    const application = await removeApplication(scope, params.id);
    const by = caller.userId;
    context.log.warn(
      { tenant: scope.tenantName, clientId: params.id, application, by, address },
      'application removed',
    );
    return {};
  });
}
