import type { HttpServer } from '@causeway/api';
import { administrationRoutes, applicationRoutes } from '@causeway/contract';
import { listApplications, registerApplication, removeApplication } from '../clients/applications.ts';
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
      const { clientId, clientSecret } = await registerApplication(scope, body);
      const by = caller.userId;
      context.log.info(
        { tenant: scope.tenantName, clientId, application: body.name, by, address },
        'application registered',
      );
      const issuer = issuerOf(context.publicUrl(), scope.tenantName);
      return { clientId, issuer, ...(clientSecret !== undefined && { clientSecret }) };
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
