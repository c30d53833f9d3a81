import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { call, callLocally, httpSend, type Send, serviceIn } from '@causeway/api';
import {
  AAD_DC_ADMINISTRATORS,
  administrationRoutes,
  administratorRoutes,
  applicationRoutes,
  enrolmentRoutes,
  groupRoutes,
  lossRoutes,
  managedDomainRoutes,
  nameRoutes,
  type Route,
  stagingRoutes,
  storedRoutes,
  synchronizationRoutes,
  synchronizedGroupRoutes,
  tenantLocalRoutes,
  userRoutes,
} from '@causeway/contract';
import { BUCKETS, generateSealingKey, generateSigningKey, linesDigest, packBuckets } from '@causeway/records';
import { createLog, realClock } from '@causeway/service';
import type { z } from 'zod';
import { makePublicServer } from '../server.ts';
import { Installation } from '../tenancy/installation.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { group, groupItem, membersItem } from '../testing/groups.ts';
import {
  accountItem,
  batchOf,
  credentialItem,
  headOf,
  order,
  person,
  seal,
  withdrawalItem,
} from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestAdministrator } from '../testing/test-tenant.ts';

/** Of a forest without users. */
const NO_BUCKETS = packBuckets(Array.from({ length: BUCKETS }, () => linesDigest([])));

const routes: Route[] = [
  enrolmentRoutes,
  synchronizationRoutes,
  synchronizedGroupRoutes,
  storedRoutes,
  stagingRoutes,
  managedDomainRoutes,
  administrationRoutes,
  administratorRoutes,
  applicationRoutes,
  userRoutes,
  groupRoutes,
  nameRoutes,
  lossRoutes,
].flatMap(table => Object.values(table));

/** The routing table as the server has it: what is registered, not what should be. */
async function routingTable(): Promise<{ method: string; url: string; access: readonly string[] }[]> {
  const context = {
    installation: new Installation(undefined as never, realClock),
    log: createLog('tenant'),
    publicUrl: () => 'http://127.0.0.1',
    minimumAgentVersion: '0.1.0',
  };
  const registered: { method: string; url: string; access: readonly string[] }[] = [];
  const server = makePublicServer(context, {}, route => {
    const access = (route.config as { access?: readonly string[] } | undefined)?.access ?? [];
    for (const method of [route.method].flat()) registered.push({ method, url: route.url, access });
  });
  await server.ready();
  return registered;
}

onEveryBackend('access', tenant => {
  let contoso: TestAdministrator;
  let fabrikam: TestAdministrator;
  let connect: TestAgent;
  let domain: TestAgent;
  let otherConnect: TestAgent;
  let otherDomain: TestAgent;

  const get = (path: string, method: string, token?: string): Promise<Response> =>
    fetch(new URL(path.replace(/:[a-z]+|\*/g, 'x'), tenant().url), {
      method,
      redirect: 'manual',
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(['POST', 'PUT'].includes(method) && { 'content-type': 'application/json' }),
      },
      ...(['POST', 'PUT'].includes(method) && { body: '{}' }),
    });

  before(async () => {
    contoso = await tenant().createTenant('contoso');
    fabrikam = await tenant().createTenant('fabrikam');
    const { url } = tenant();
    connect = await enrolAgent(url, contoso.send, 'connect');
    domain = await enrolAgent(url, contoso.send, 'domain');
    otherConnect = await enrolAgent(url, fabrikam.send, 'connect');
    otherDomain = await enrolAgent(url, fabrikam.send, 'domain');
  });

  it('serves exactly the routes of the contract, and sign-in', async () => {
    const table = await routingTable();
    const api = table.filter(route => !route.url.startsWith('/t/') && route.method !== 'HEAD');
    assert.deepEqual(
      api.map(route => `${route.method} ${route.url} ${route.access}`).sort(),
      routes.map(route => `${route.method} ${route.path} ${route.access}`).sort(),
    );
    const open = table.filter(route => route.access.includes('public') && route.method !== 'HEAD');
    assert.deepEqual(
      open.map(route => `${route.method} ${route.url}`).sort(),
      [
        'GET /t/:tenant/oidc/*',
        'GET /t/:tenant/password',
        'GET /t/:tenant/sign-in/:uid',
        'GET /t/:tenant/sign-in/:uid/password',
        'GET /t/:tenant/sign-in/:uid/refused',
        'OPTIONS /t/:tenant/oidc/*',
        'POST /enrol',
        'POST /enrol/preview',
        'POST /t/:tenant/oidc/*',
        'POST /t/:tenant/password',
        'POST /t/:tenant/sign-in/:uid',
        'POST /t/:tenant/sign-in/:uid/password',
        'POST /t/:tenant/sign-in/:uid/refused',
      ].sort(),
    );
  });

  it('needs a token for every route but sign-in and enrolment', async () => {
    const table = await routingTable();
    for (const { method, url } of table.filter(route => !route.access.includes('public'))) {
      for (const token of [undefined, 'x'.repeat(43), '', "' or 1=1 --"]) {
        const response = await get(url, method, token);
        assert.equal(response.status, 401, `${method} ${url} with ${token}`);
      }
    }
  });

  it('lets each role do only what the contract says', async () => {
    const tokens = { admin: contoso.send, connect: connect.send, domain: domain.send };
    for (const route of routes) {
      for (const [role, send] of Object.entries(tokens)) {
        if (route.access.includes('public')) continue;
        const path = route.path.replace(/:[a-z]+/g, '00000000-0000-4000-8000-000000000000');
        const body = ['POST', 'PUT'].includes(route.method) ? { body: '{"nonsense":1}' } : {};
        const headers: Record<string, string> = body.body ? { 'content-type': 'application/json' } : {};
        const { status } = await send(path, { method: route.method, headers, ...body });
        const may = route.access.includes(role as 'admin');
        assert.equal(status === 403, !may, `${role} on ${route.method} ${route.path}: ${status}`);
        if (may && route.body) assert.equal(status, 400, `${route.path} takes nonsense`);
      }
    }
  });

  it('does not serve the local routes over the network', async () => {
    for (const route of Object.values(tenantLocalRoutes)) {
      assert.equal((await get(route.path, route.method, contoso.created.token)).status, 404);
    }
  });

  it('shows a token of one tenant nothing of another', async () => {
    const alice = person(1);
    const record = await seal(connect, alice, 'Pa$$w0rd', order(1));
    const objects = { forest: FOREST, changes: [accountItem(connect, alice)] };
    const credentials = batchOf([await credentialItem(alice, 'Pa$$w0rd', order(1), record)]);
    await call(connect.send, synchronizationRoutes.exportObjects, { body: objects });
    await call(connect.send, synchronizationRoutes.exportCredentials, { body: credentials });
    const { publicKey: key } = await generateSealingKey();
    const { publicKey: receiptKey } = generateSigningKey();
    const registration = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', key, receiptKey };
    await call(domain.send, managedDomainRoutes.registerDomainKey, { body: registration });
    const status = { forest: FOREST, lastObjectCycleAt: null, lastPasswordCycleAt: null };
    await call(connect.send, synchronizationRoutes.reportConnectStatus, {
      body: { ...status, queued: 0, owed: 0, quarantined: 0 },
    });

    const head = headOf(connect);
    await call(connect.send, synchronizationRoutes.putHead, { body: { forest: FOREST, head } });

    const other = await call(fabrikam.send, administrationRoutes.getTenantStatus);
    assert.deepEqual([other.tenantName, other.users, other.connect, other.arrivals], ['fabrikam', 1, [], []]);
    assert.deepEqual((await call(otherDomain.send, managedDomainRoutes.readHeads)).heads, []);
    assert.equal(other.windowsCredentialsSyncConfig.enabled, false);
    const { users } = await call(fabrikam.send, administrationRoutes.listUsers, { query: {} });
    assert.deepEqual(
      users.map(user => user.userPrincipalName),
      ['admin@fabrikam.example.net'],
    );
    for (const id of [alice.upn, alice.anchor, 'admin@contoso.example.net']) {
      const asked = call(fabrikam.send, administrationRoutes.getUser, { params: { id } });
      await assert.rejects(asked, { code: 'no-such-user' });
      const reset = call(fabrikam.send, userRoutes.resetPassword, { params: { id } });
      await assert.rejects(reset, { code: 'no-such-user' });
    }
    const mine = await call(contoso.send, administrationRoutes.getUser, { params: { id: alice.upn } });
    const byId = call(fabrikam.send, administrationRoutes.getUser, { params: { id: mine.id } });
    await assert.rejects(byId, { code: 'no-such-user' });
    const { agents } = await call(fabrikam.send, enrolmentRoutes.listAgents);
    assert.deepEqual(agents.map(agent => agent.id).sort(), [otherConnect.id, otherDomain.id].sort());
    const { tokens } = await call(contoso.send, administratorRoutes.listTokens);
    const revoked = call(fabrikam.send, administratorRoutes.revokeToken, { params: { id: tokens[0]!.id } });
    await assert.rejects(revoked, { code: 'no-such-token' });
    const app = await call(contoso.send, administrationRoutes.registerApplication, {
      body: { name: 'portal', redirectUris: ['https://portal.example.net/'] },
    });
    const ofOther = { params: { id: app.clientId } };
    await assert.rejects(call(fabrikam.send, applicationRoutes.removeApplication, ofOther), {
      code: 'no-such-application',
    });
    assert.deepEqual((await call(fabrikam.send, applicationRoutes.listApplications)).applications, []);
    const blocked = { params: { id: alice.upn }, body: { blocked: true } };
    await assert.rejects(call(fabrikam.send, userRoutes.setUserBlocked, blocked), { code: 'no-such-user' });
    const removal = call(fabrikam.send, enrolmentRoutes.removeAgent, { params: { id: connect.id } });
    await assert.rejects(removal, { code: 'no-such-agent' });
    const configuration = await call(otherConnect.send, synchronizationRoutes.getSyncConfiguration);
    assert.deepEqual(
      [configuration.tenantName, configuration.windowsCredentialsSyncConfig.domain],
      ['fabrikam', null],
    );
    const feed = await call(otherDomain.send, managedDomainRoutes.readChanges, { query: {} });
    assert.deepEqual(
      feed.items.map(item => item.sourceAnchor),
      users.map(user => user.id),
    );
    const otherKey = await call(otherDomain.send, managedDomainRoutes.readTenantKey);
    const ownKey = await call(domain.send, managedDomainRoutes.readTenantKey);
    assert.notEqual(otherKey.key.publicKey, ownKey.key.publicKey);
    const groups = { group: AAD_DC_ADMINISTRATORS };
    const { members } = await call(fabrikam.send, groupRoutes.listGroupMembers, { params: groups });
    assert.deepEqual(
      members.map(member => member.userPrincipalName),
      ['admin@fabrikam.example.net'],
    );
    const foreignUser = { params: groups, body: { user: 'admin@contoso.example.net' } };
    await assert.rejects(call(fabrikam.send, groupRoutes.addGroupMember, foreignUser), {
      code: 'no-such-user',
    });
    const foreign = batchOf([await credentialItem(alice, 'evil', order(9))]);
    const exported = await call(otherConnect.send, synchronizationRoutes.exportCredentials, {
      body: foreign,
    });
    assert.equal(exported.verdicts[0]!.code, 'unknown-user');
    const stolen = { forest: FOREST, changes: [accountItem(connect, alice)] };
    const relayed = await call(otherConnect.send, synchronizationRoutes.exportObjects, { body: stolen });
    assert.equal(relayed.verdicts[0]!.code, 'record-mismatch');
    const report = { sourceAnchor: alice.anchor, kind: 'credential' as const, outcome: 'refused' as const };
    await call(otherDomain.send, managedDomainRoutes.reportApplied, {
      body: { reports: [{ ...report, sequence: 1, reason: 'x', at: new Date().toISOString() }] },
    });
    const after = await call(contoso.send, administrationRoutes.getUser, { params: { id: alice.upn } });
    assert.equal(after.legacy.outcome, null);
  });

  it('gives a client of one tenant no token at another', async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: connect.id });
    const url = otherConnect.tokenEndpoint;
    const response = await fetch(url, { method: 'POST', body: form });
    assert.equal(response.status, 401);
    assert.equal(((await response.json()) as { error: string }).error, 'invalid_client');
  });

  it('lets a Connect speak only for the forests that it was enrolled for', async () => {
    const own = 'west.example.com';
    const agent = await enrolAgent(tenant().url, contoso.send, 'connect', 'of one forest', [own]);
    const other = 'fabrikam.example.org';
    const who = person(2);
    const item = accountItem(agent, who, { forest: other });
    const status = { lastObjectCycleAt: null, lastPasswordCycleAt: null, queued: 0, owed: 0, quarantined: 0 };
    const lies: Record<string, object> = {
      [synchronizationRoutes.exportObjects.path]: { changes: [item] },
      [synchronizationRoutes.exportCredentials.path]: batchOf([await credentialItem(who, 'x', order(1))]),
      [synchronizationRoutes.exportWithdrawals.path]: { changes: [withdrawalItem(agent, who, order(1))] },
      [synchronizationRoutes.reportConnectStatus.path]: status,
      [synchronizationRoutes.putHead.path]: { head: headOf(agent, { forest: other }) },
      [synchronizationRoutes.compareForest.path]: { buckets: NO_BUCKETS, mark: null },
      [synchronizationRoutes.readLines.path]: { buckets: [0], after: '' },
      [synchronizedGroupRoutes.exportGroups.path]: { changes: [groupItem(agent, group(2))] },
      [synchronizedGroupRoutes.exportMembers.path]: { changes: [membersItem(agent, group(2), [])] },
      [synchronizedGroupRoutes.compareGroups.path]: { buckets: NO_BUCKETS },
      [synchronizedGroupRoutes.readGroupLines.path]: { buckets: [0], after: null },
      [storedRoutes.readStoredUsers.path]: { after: '' },
      [storedRoutes.readStoredGroups.path]: { after: '' },
      [storedRoutes.readStoredMemberships.path]: { after: null },
    };
    const naming = routes.filter(
      ({ access, body }) => access.includes('connect') && 'forest' in ((body as z.ZodObject)?.shape ?? {}),
    );
    assert.deepEqual(naming.map(({ path }) => path).sort(), Object.keys(lies).sort());
    const say = (route: Route) => call(agent.send, route, { body: { ...lies[route.path], forest: other } });
    for (const route of naming) {
      await assert.rejects(say(route), { status: 403, code: 'other-forest', message: /set-forests/ });
    }
    const set = (send: Send, id: string) =>
      call(send, enrolmentRoutes.setForests, { params: { id }, body: { forests: [own, other] } });
    await assert.rejects(set(fabrikam.send, agent.id), { code: 'no-such-agent' });
    await assert.rejects(set(contoso.send, domain.id), { code: 'wrong-kind' });
    await set(contoso.send, agent.id);
    for (const route of naming) await say(route);
    const { agents } = await call(contoso.send, enrolmentRoutes.listAgents);
    assert.deepEqual(agents.find(({ id }) => id === agent.id)!.forests, [own, other]);
    await call(agent.send, synchronizationRoutes.exportObjects, {
      body: { forest: other, changes: [accountItem(agent, who, { forest: other, deleted: true })] },
    });
  });

  it('enrols only a Connect for a forest', async () => {
    for (const body of [
      { kind: 'connect' as const, name: 'c' },
      { kind: 'domain' as const, name: 'd', forests: [FOREST] },
      { kind: 'connect' as const, name: 'c', forests: ['CORP.EXAMPLE.COM'] },
      {
        kind: 'connect' as const,
        name: 'c',
        forests: Array.from({ length: 21 }, (_, i) => `f${i}.example.com`),
      },
    ]) {
      const asked = call(contoso.send, enrolmentRoutes.createEnrolment, { body });
      await assert.rejects(asked, { code: 'bad-request', message: /body\.forests/ });
    }
  });

  it('names the field of bad input, and not its value', async () => {
    const response = await contoso.send('/api/v1/enrolments', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'hunter2', name: '', extra: 1 }),
    });
    assert.equal(response.status, 400);
    const { error } = JSON.parse(await response.text()) as { error: { code: string; message: string } };
    assert.equal(error.code, 'bad-request');
    assert.match(error.message, /body\.kind: /);
    assert.match(error.message, /body\.name: /);
    assert.doesNotMatch(error.message, /hunter2/);
    for (const body of ['{', '[]', 'null', '"x"']) {
      const headers = { 'content-type': 'application/json' };
      const { status } = await contoso.send('/api/v1/enrolments', { method: 'POST', headers, body });
      assert.equal(status, 400, body);
    }
    const huge = JSON.stringify({ kind: 'connect', name: 'x'.repeat(2 * 1024 * 1024) });
    const headers = { 'content-type': 'application/json' };
    const { status } = await contoso.send('/api/v1/enrolments', { method: 'POST', headers, body: huge });
    assert.equal(status, 413);
  });

  it('rejects text that the database cannot hold, in any field, and names the field', async () => {
    const bad = 'a\0b';
    const senders = { admin: contoso.send, connect: connect.send, domain: domain.send };
    const ask = async (role: keyof typeof senders, method: string, path: string, body?: object) => {
      const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
      const { status, text } = await senders[role](path, {
        ...{ method, headers },
        ...(body && { body: JSON.stringify(body) }),
      }).then(async response => ({ status: response.status, text: await response.text() }));
      assert.equal(status, 400, `${role} on ${method} ${path}: ${text}`);
      assert.match(text, /(params|query|body)\.\w+/);
    };
    const withParams = routes.filter(({ params }) => params !== undefined);
    assert.ok(withParams.length > 10);
    for (const { method, path, body } of withParams) {
      await ask('admin', method, path.replace(/:[a-z]+/g, encodeURIComponent(bad)), body && {});
    }
    await ask('admin', 'GET', '/api/v1/users?after=a%00b');
    await ask('admin', 'GET', '/api/v1/names?name=a%00b');
    const group = `/api/v1/groups/${encodeURIComponent(AAD_DC_ADMINISTRATORS)}/members`;
    await ask('admin', 'POST', group, { user: bad });
    await ask('admin', 'POST', '/api/v1/administrators', { user: bad });
    await ask('admin', 'POST', '/api/v1/names/give', { name: 'a@example.net', user: bad });
    const forests = ['north.example.com'];
    await ask('admin', 'POST', '/api/v1/enrolments', { kind: 'connect', name: bad, forests });
    const application = { name: 'portal', redirectUris: ['https://portal.example.net/'] };
    await ask('admin', 'POST', '/api/v1/applications', { ...application, name: bad });
    const address = `https://portal.example.net/${bad}`;
    await ask('admin', 'POST', '/api/v1/applications', { ...application, redirectUris: [address] });
    const { publicKey: key } = await generateSealingKey();
    const { publicKey: receiptKey } = generateSigningKey();
    const keys = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', key, receiptKey };
    const { path } = managedDomainRoutes.registerDomainKey;
    await ask('domain', 'PUT', path, { ...keys, realm: bad });
    await ask('domain', 'PUT', path, { ...keys, key: { ...key, keyId: bad } });
    const at = new Date().toISOString();
    const report = { sourceAnchor: 'x', kind: 'account', sequence: 1, outcome: 'refused', reason: bad, at };
    await ask('domain', 'POST', managedDomainRoutes.reportApplied.path, { reports: [report] });
  });

  it('enrols one agent per code, and answers alike for a wrong, a used and an unknown one', async () => {
    const { url } = tenant();
    const { code } = await call(contoso.send, enrolmentRoutes.createEnrolment, {
      body: { kind: 'domain', name: 'd', replaces: [domain.id] },
    });
    const jwk = { kty: 'EC' as const, crv: 'P-256' as const, x: 'A'.repeat(43), y: 'A'.repeat(43) };
    const body = { code, version: '1', jwk, signingKey: null };
    const signingKey = connect.signingKey.publicKey;
    const wrongKind = call(httpSend({ url }), enrolmentRoutes.enrol, { body: { ...body, signingKey } });
    await assert.rejects(wrongKind, { code: 'wrong-kind' });
    const both = await Promise.allSettled([
      call(httpSend({ url }), enrolmentRoutes.enrol, { body }),
      call(httpSend({ url }), enrolmentRoutes.enrol, { body }),
    ]);
    assert.deepEqual(both.map(result => result.status).sort(), ['fulfilled', 'rejected']);
    for (const wrong of [code, 'nonsense', 'x'.repeat(200)]) {
      const refused = call(httpSend({ url }), enrolmentRoutes.enrol, { body: { ...body, code: wrong } });
      await assert.rejects(refused, { code: 'enrolment-refused', status: 403 });
    }
  });

  it('lists users a page at a time', async () => {
    const names: string[] = [];
    let after = '';
    for (;;) {
      const page = await call(contoso.send, administrationRoutes.listUsers, { query: { after, limit: 1 } });
      names.push(...page.users.map(user => user.userPrincipalName));
      if (!page.more) break;
      after = page.users.at(-1)!.userPrincipalName;
    }
    assert.deepEqual(names, ['admin@contoso.example.net', person(1).upn]);
  });

  it('ends the tokens of a removed agent at once', async () => {
    const agent = await enrolAgent(tenant().url, contoso.send, 'domain', 'short-lived');
    await call(agent.send, managedDomainRoutes.readChanges, { query: {} });
    await call(contoso.send, enrolmentRoutes.removeAgent, { params: { id: agent.id } });
    await assert.rejects(call(agent.send, managedDomainRoutes.readChanges, { query: {} }), {
      code: 'invalid_client',
    });
  });

  it('shows an agent that was removed while it waits for the feed nothing that came after', async () => {
    const agent = await enrolAgent(tenant().url, contoso.send, 'domain', 'waits');
    const { cursor } = await call(agent.send, managedDomainRoutes.readChanges, { query: { limit: 1000 } });
    const waits = call(agent.send, managedDomainRoutes.readChanges, { query: { after: cursor, wait: 20 } });
    const refused = assert.rejects(waits, { code: 'invalid_client' });
    await delay(300); // lets it begin to wait; if it had not yet, it would be rejected just the same
    await call(contoso.send, enrolmentRoutes.removeAgent, { params: { id: agent.id } });
    const body = { userPrincipalName: 'later@contoso.example.net' };
    const later = await call(contoso.send, userRoutes.createUser, { body });
    await refused;
    await call(contoso.send, userRoutes.deleteUser, { params: { id: later.id } });
  });

  it('does nothing for a token that ended while the request was on its way', async () => {
    const service = serviceIn(tenant().stateDirectory, 'tenant');
    const body = { tenant: 'contoso', administrator: 'admin@contoso.example.net' };
    const { token } = await callLocally(service, tenantLocalRoutes.createToken, { body });
    const slow = request(new URL('/api/v1/users', tenant().url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
    const answered = once(slow, 'response');
    slow.write('{"userPrincipalName":');
    await delay(300); // lets its token be checked; if that were still to come, it would be rejected just the same
    const { tokens } = await call(contoso.send, administratorRoutes.listTokens);
    const params = { id: tokens.find(({ own }) => !own)!.id };
    await call(contoso.send, administratorRoutes.revokeToken, { params });
    slow.end('"slow@contoso.example.net"}');
    const [response] = (await answered) as [IncomingMessage];
    response.resume();
    assert.equal(response.statusCode, 401);
  });
});
