import type { HttpServer } from '@causeway/api';
import { enrolmentRoutes } from '@causeway/contract';
import {
  checkDomainCode,
  createEnrolment,
  enrol,
  enrolmentRefused,
  kindOfAgent,
  listAgents,
  removeAgent,
  setForests,
} from '../clients/agents.ts';
import type { Replaced } from '../clients/replaced-agents.ts';
import { readSyncConfig } from '../feed/managed-domain.ts';
import { requireDomainAdministrator } from '../people/groups.ts';
import { issuerOf } from '../tenancy/issuer.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type RouteContext, registerOpenRoute, registerRoute } from './register-route.ts';

export function registerEnrolment(
  server: HttpServer,
  context: RouteContext & { readonly publicUrl: () => string },
): void {
  const { installation, log } = context;
  const logReplaced = (
    { tenantName: tenant }: TenantScope,
    by: string,
    replaced: readonly Replaced[],
  ): void => {
    for (const { id: agentId, name: agent, forests } of replaced)
      log.warn({ tenant, agentId, agent, forests, by }, 'agent replaced');
  };
  registerRoute(server, context, enrolmentRoutes.createEnrolment, async ({ body }, caller) => {
    const { scope } = caller;
    const { kind, name: agent, forests, replaces = [], staging = false } = body;
    if (kind === 'domain') await requireDomainAdministrator(scope, caller.userId);
    const { code, expiresAt } = await createEnrolment(scope, {
      ...{ kind, name: agent, forests, replaces, staging },
    });
    const about = { tenant: scope.tenantName, kind, agent, forests, replaces };
    log.info({ ...about, ...(staging && { staging }) }, 'enrolment code created');
    return { code, expiresAt: expiresAt.toISOString() };
  });
  registerOpenRoute(server, enrolmentRoutes.enrol, async ({ body, address }) => {
    const scope = await installation.findTenantOfCode(body.code);
    if (!scope) {
      log.warn({ address }, 'enrolment refused');
      throw enrolmentRefused();
    }
    const agent = await enrol(scope, body, context.minimumAgentVersion);
    log.info(
      {
        tenant: scope.tenantName,
        agentId: agent.id,
        kind: agent.kind,
        agent: agent.name,
        forests: agent.forests,
        ...(body.staging && { staging: true }),
        signingKey: body.signingKey?.fingerprint,
        address,
      },
      'agent enrolled',
    );
    logReplaced(scope, agent.id, agent.replaced);
    const issuer = issuerOf(context.publicUrl(), scope.tenantName);
    return {
      tenantId: scope.tenantId,
      tenantName: scope.tenantName,
      agentId: agent.id,
      clientId: agent.id,
      issuer,
      tokenEndpoint: `${issuer}/token`,
    };
  });
  registerOpenRoute(server, enrolmentRoutes.previewEnrolment, async ({ body, address }) => {
    const scope = await installation.findTenantOfCode(body.code);
    if (!scope) {
      log.warn({ address }, 'enrolment refused');
      throw enrolmentRefused();
    }
    await checkDomainCode(scope, body.code);
    const { tenantId, tenantName } = scope;
    return { tenantId, tenantName, domain: (await readSyncConfig(scope)).domain };
  });
  registerRoute(server, context, enrolmentRoutes.listAgents, async (_input, { scope, role }) => ({
    agents: await listAgents(scope, role === 'admin'),
  }));
  registerRoute(server, context, enrolmentRoutes.setForests, async ({ params, body }, { scope }) => {
    const replaced = await setForests(scope, params.id, body.forests, body.replaces ?? []);
    log.info(
      { tenant: scope.tenantName, agentId: params.id, forests: body.forests },
      "agent's forests changed",
    );
    logReplaced(scope, params.id, replaced);
    return {};
  });
  registerRoute(server, context, enrolmentRoutes.removeAgent, async ({ params }, caller) => {
    const { scope } = caller;
    if ((await kindOfAgent(scope, params.id)) === 'domain') {
      await requireDomainAdministrator(scope, caller.userId);
    }
    await removeAgent(scope, params.id);
    log.info({ tenant: scope.tenantName, agentId: params.id }, 'agent removed');
    return {};
  });
}
