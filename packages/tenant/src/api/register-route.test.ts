import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer } from '@causeway/api';
import {
  administrationRoutes,
  enrolmentRoutes,
  managedDomainRoutes,
  synchronizationRoutes,
} from '@causeway/contract';
import { createLog, realClock } from '@causeway/service';
import { Installation } from '../tenancy/installation.ts';
import { registerOpenRoute, registerRoute } from './register-route.ts';

test('a handler gets the callers that its route admits, and a route that needs a token is not served without one', async () => {
  const log = createLog('test', { write: () => {} });
  const context = {
    installation: new Installation(undefined as never, realClock),
    log,
    minimumAgentVersion: '0.1.0',
  };
  const server = createServer({ log });
  registerRoute(server, context, administrationRoutes.getTenantStatus, async (_input, caller) => {
    // @ts-expect-error -- an administrator is no agent
    return caller.agentId;
  });
  registerRoute(server, context, synchronizationRoutes.putHead, async (_input, caller) => {
    // @ts-expect-error -- an agent is no administrator
    return caller.userId;
  });
  registerRoute(server, context, enrolmentRoutes.listAgents, async (_input, caller) => {
    if (caller.role === 'admin') return { agents: [], by: caller.userId };
    assert.equal(caller.role satisfies 'domain', 'domain');
    return { agents: [] };
  });
  // @ts-expect-error -- the feed is for an enrolled Domain Services
  registerOpenRoute(server, managedDomainRoutes.readHeads, async () => ({ heads: [] }));
  await server.close();
});
