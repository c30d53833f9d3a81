import type { HttpServer } from '@causeway/api';
import { MAX_HEADS, managedDomainRoutes, type PublicKey, synchronizedGroupRoutes } from '@causeway/contract';
import { domainFingerprint } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { kindOfAgent } from '../clients/agents.ts';
import { readChanges } from '../feed/change-feed.ts';
import { storeReports } from '../feed/domain-reports.ts';
import { readGroupChanges } from '../feed/group-feed.ts';
import { isOfTheDomain, readSyncConfig, registerDomainKey, withdrawDomain } from '../feed/managed-domain.ts';
import { readNameDifferences } from '../feed/name-differences.ts';
import { takeNewerInDomain } from '../feed/newer-in-domain.ts';
import { readHeads, storeReceipt } from '../feed/statements.ts';
import { MarkKeeper } from '../losses/losses.ts';
import { readTenantKey } from '../people/cloud-records.ts';
import { confirmDomain, readConfirmation } from '../people/domain-confirmation.ts';
import { proposedAdministrators, requireDomainAdministrator } from '../people/groups.ts';
import type { Agent } from '../tenancy/installation.ts';
import { otherRuns, type RouteContext, registerRoute, unauthorized } from './register-route.ts';

/** The most users named in the log. */
const NAMED = 10;

export function registerManagedDomain(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, managedDomainRoutes.registerDomainKey, async ({ body }, caller) => {
    const fingerprint = fingerprintOf(body);
    const { agentId } = caller;
    const { replaced } = await registerDomainKey(caller.scope, agentId, body);
    const about = { tenant: caller.scope.tenantName, realm: body.realm, fingerprint, agentId };
    if (replaced === undefined) context.log.info(about, 'managed domain keys registered');
    else context.log.warn({ ...about, replaced }, 'managed domain replaced');
    return {};
  });
  registerRoute(server, context, managedDomainRoutes.readDomain, async (_input, caller) => ({
    domain: (await readSyncConfig(caller.scope)).domain,
    ...(caller.role === 'domain' && otherRuns(context, caller)),
  }));
  registerRoute(server, context, managedDomainRoutes.readConfirmation, async (_input, { scope }) => ({
    confirmation: await readConfirmation(scope),
  }));
  registerRoute(server, context, managedDomainRoutes.trustDomain, async ({ body, address }, caller) => {
    const { userId } = caller;
    await requireDomainAdministrator(caller.scope, userId);
    const confirmation = await confirmDomain(caller.scope, body.fingerprint, userId);
    const { realm, fingerprint } = confirmation;
    context.log.warn(
      { tenant: caller.scope.tenantName, realm, fingerprint, by: userId, address },
      'managed domain keys confirmed',
    );
    return confirmation;
  });
  registerRoute(server, context, managedDomainRoutes.withdrawDomain, async ({ address }, caller) => {
    const { userId } = caller;
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
  registerRoute(server, context, managedDomainRoutes.readAdministrators, (_input, { scope }) =>
    proposedAdministrators(scope),
  );
  registerRoute(server, context, managedDomainRoutes.readChanges, async ({ query, signal }, caller) => {
    const marks = await MarkKeeper.of(caller, context.installation, context.log);
    return stillFor(caller, query, await readChanges(marks, query, signal, caller.accepts));
  });
  registerRoute(
    server,
    context,
    synchronizedGroupRoutes.readGroupChanges,
    async ({ query, signal }, caller) => {
      const marks = await MarkKeeper.of(caller, context.installation, context.log);
      return stillFor(caller, query, await readGroupChanges(marks, query, signal, caller.accepts));
    },
  );
  registerRoute(server, context, managedDomainRoutes.reportApplied, async ({ body }, caller) => {
    const { scope } = caller;
    if (!(await storeReports(scope, caller.agentId, body.reports))) return {};
    if (body.reports.some(({ reason }) => reason?.includes('name-'))) {
      for (const difference of await readNameDifferences(scope))
        context.log.error(
          { tenant: scope.tenantName, ...difference },
          'a name belongs to different users at the tenant and in the managed domain',
        );
    }
    return {};
  });
  registerRoute(server, context, managedDomainRoutes.readHeads, async (_input, { scope }) => ({
    heads: await readHeads(scope, MAX_HEADS),
  }));
  registerRoute(server, context, managedDomainRoutes.putReceipt, async ({ body }, caller) => {
    const { scope } = caller;
    const { forest, receipt } = body;
    if (!(await isOfTheDomain(scope, caller.agentId))) return {};
    if (forest !== null) {
      await storeReceipt(scope, forest, receipt);
      return {};
    }
    const ended = await takeNewerInDomain(scope, receipt);
    if (ended.length > 0)
      context.log.error(
        { tenant: scope.tenantName, count: ended.length, named: ended.slice(0, NAMED) },
        'the managed domain holds newer state of cloud-only users than this database; ended their sessions and tokens',
      );
    return {};
  });
}

/** An agent that was removed during the wait must not see later changes. @throws CausewayError 'unauthorized' */
async function stillFor<Page>({ scope, agentId }: Agent, query: { wait: number }, page: Page): Promise<Page> {
  if (query.wait > 0 && (await kindOfAgent(scope, agentId)) === undefined) throw unauthorized();
  return page;
}

/** @throws CausewayError 'bad-request' for invalid keys: nobody could ever confirm them */
function fingerprintOf(body: { key: PublicKey; receiptKey: PublicKey }): string {
  try {
    return domainFingerprint(body.key.publicKey, body.receiptKey.publicKey);
  } catch (error) {
    throw new CausewayError('bad-request', `body: ${(error as Error).message}`);
  }
}
