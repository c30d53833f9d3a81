import type { HttpServer } from '@causeway/api';
import { tenantLocalRoutes } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { createToken, findAdministrator } from '../people/administrators.ts';
import { insertCloudUser } from '../people/cloud-users.ts';
import { issuerOf } from '../tenancy/issuer.ts';
import { type RouteContext, registerOpenRoute } from './register-route.ts';

/** The local API on the state folder's socket, which only root and the service's own user can open. */
export function registerLocal(
  server: HttpServer,
  context: RouteContext & { readonly publicUrl: () => string },
): void {
  const { installation, log } = context;
  registerOpenRoute(server, tenantLocalRoutes.createTenant, async ({ body }) => {
    const made = await installation.createTenant(body, async scope => {
      const { id, password } = await insertCloudUser(scope, {
        userPrincipalName: body.administrator,
        administrator: true,
        mustChange: false,
      });
      return { tenantId: scope.tenantId, password, ...(await createToken(scope, id)) };
    });
    log.info(
      { tenant: body.name, administrator: body.administrator },
      'tenant created, with keys of its own',
    );
    return {
      tenantId: made.tenantId,
      issuer: issuerOf(context.publicUrl(), body.name),
      administratorPassword: made.password,
      token: made.token,
      tokenExpiresAt: made.expiresAt.toISOString(),
    };
  });
  registerOpenRoute(server, tenantLocalRoutes.createToken, async ({ body }) => {
    const scope = (await installation.findTenant(body.tenant))?.scope;
    if (!scope) {
      throw new CausewayError('no-such-tenant', `there is no tenant '${body.tenant}'`);
    }
    const { token, expiresAt } = await createToken(scope, await findAdministrator(scope, body.administrator));
    log.info({ tenant: body.tenant, administrator: body.administrator }, 'administrator token created');
    return { token, tokenExpiresAt: expiresAt.toISOString() };
  });
}
