import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { CallError, callLocally, serveLocally, serviceIn } from '@causeway/api';
import { type Route, domainRoutes as routes } from '@causeway/contract';
import { generateSealingKey, generateSigningKey, signingPublicKey } from '@causeway/records';
import { createLog, localSocketPath, lockState } from '@causeway/service';
import { newEntry } from '../apply/plan.ts';
import { shownAccount } from '../ledger/find-person.ts';
import { Ledger } from '../ledger/ledger.ts';
import { publicDomainKeys } from '../pairing/domain-keys.ts';
import { placesOf } from '../places.ts';
import { adminHandlers } from './handlers.ts';
import { makeAdminServer } from './serve-admin-api.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-domain-api-'));
lockState(folder).release();
const ledger = new Ledger(join(folder, 'ledger.db'));
const keys = publicDomainKeys({ sealing: await generateSealingKey(), receipts: generateSigningKey() });
const ID = '00000000-0000-4000-8000-000000000001';
const issuer = 'https://tenant.example.net/t/contoso';
/** What the handlers asked of the running service. */
const told: string[] = [];
const handlers = adminHandlers({
  ...{ ledger, keys, places: placesOf({ stateDirectory: folder }), realm: 'AADDS.EXAMPLE.NET' },
  limits: { differenceMs: 1000, silenceMs: 60_000 },
  enrolment: {
    ...{ tenantId: ID, tenantName: 'contoso', agentId: ID, clientId: ID, issuer },
    tokenEndpoint: `${issuer}/token`,
  },
  send: async () => {
    throw new CallError(403, 'not-yours', 'the tenant says no');
  },
  onPremisesSids: 'all',
  domainSids: async () => ['S-1-5-21-9-9-9'],
  applyBlocks: async () => undefined,
  register: async () => {},
  running: {
    startedAt: Date.now(),
    samba: { version: '4.22.0', lacks: [{ id: 'a', what: 'a fix' }], warning: 'a warning' },
    trouble: () => 'samba is starting',
    otherRuns: () => undefined,
    groups: () => undefined,
    wake: () => told.push('wake'),
    readAgain: () => told.push('read again'),
    log: () => told.push('log'),
  },
});
const registered: string[] = [];
const server = makeAdminServer(handlers, createLog('test', { write: () => {} }), ({ method, url }) =>
  registered.push(`${method} ${url}`),
);
const service = serviceIn(folder, 'domain');
const forest = 'corp.example.com';
const anchor = 'anchor-of-alice';

before(() => serveLocally(server, folder));
after(async () => {
  await server.close();
  ledger.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  told.length = 0;
});

test('the socket serves exactly the routes of the contract, and only its owner can open it', () => {
  const all = Object.values<Route>(routes);
  assert.deepEqual(
    registered.filter(each => !each.startsWith('HEAD ')).sort(),
    all.map(({ method, path }) => `${method} ${path}`).sort(),
  );
  for (const { path, access } of all) assert.deepEqual(access, ['local'], path);
  assert.equal(statSync(localSocketPath(folder)).mode & 0o777, 0o600);
});

test('every route rejects an unexpected body or query, and then does nothing', async () => {
  for (const route of Object.values<Route>(routes)) {
    const params = { user: 'x', name: 'x', digest: 'x' };
    const nonsense = { nonsense: '1' };
    const asked = callLocally(service, route, {
      ...{ params: params as never, query: nonsense as never },
      ...(route.body && { body: nonsense as never }),
    });
    if (route.body ?? route.query) await assert.rejects(asked, { code: 'bad-request' }, route.path);
    else await asked.catch(error => assert.notEqual(error.status, 500, route.path));
  }
  assert.deepEqual(told, []);
});

test('every handler answers in the contract’s shape for a user with all details known', async () => {
  const at = new Date().toISOString();
  const entry = newEntry({ sourceAnchor: anchor, forest, objectGuid: ID });
  const names = { samAccountName: 'alice00001', userPrincipalName: 'alice@corp.example.com' };
  const passwordOrder = { version: 3, originatingTime: 1, originatingInvocationId: ID as never };
  ledger.accounts.save({
    ...entry,
    wantedName: 'alice',
    managedGuid: ID,
    passwordOrder,
    accountSequence: 1,
    accountAt: at,
  });
  ledger.names.save({ forest, anchor }, { ...names, keepsDigits: true, digitsKey: 'alice' });
  ledger.problems.save({
    ...{ forest, anchor, verified: true, kind: 'account', outcome: 'waiting', code: 'anchor-moved' },
    ...{ reason: 'a reason', acceptable: `pin:${forest}/new`, sequence: 1, at },
  });
  ledger.administrators.save({
    ...{ forest, anchor, addedAt: at, calledByTenant: 'alice', since: at, accepted: null },
  });
  const body = { user: anchor, forest, by: 'root' };
  assert.match((await callLocally(service, routes.blockUser, { body })).message, /is blocked/);
  const status = await callLocally(service, routes.getStatus);
  assert.equal(status.blocked.latest[0]!.by, 'root');
  assert.equal(status.trouble, 'samba is starting');
  const user = await callLocally(service, routes.getUserStatus, { params: { user: 'alice00001' } });
  assert.deepEqual(user.entry, shownAccount(ledger.accounts.of({ forest, anchor })!));
  assert.equal(user.problems[0]!.code, 'anchor-moved');
  assert.equal((await callLocally(service, routes.listNames)).differing[0]!.anchor, anchor);
  const { holders } = await callLocally(service, routes.getName, { params: { name: 'alice00001' } });
  assert.equal(holders[0]!.anchor, anchor);
  const query = { user: 'alice00001', cloudOnly: 'false' };
  assert.equal((await callLocally(service, routes.findCandidate, { query })).entry.objectGuid, ID);
  const { administrators } = await callLocally(service, routes.listAdministrators);
  assert.deepEqual(
    administrators.map(one => one.state),
    ['proposed'],
  );
});

test('logs a decision, and reads the feed again where refused records may be accepted now', async () => {
  await callLocally(service, routes.unblockUser, { body: { user: anchor } });
  assert.deepEqual(told.splice(0), ['log', 'wake']);
  await callLocally(service, routes.acceptUser, { body: { anchor } });
  assert.deepEqual(told.splice(0), ['log', 'read again']);
  await callLocally(service, routes.register, { body: {} });
  assert.deepEqual(told.splice(0), ['log', 'read again']);
});

test('passes the tenant’s error on to the caller', async () => {
  const { fingerprint } = signingPublicKey(generateSigningKey());
  const asked = callLocally(service, routes.trustTenant, { body: { fingerprint } });
  await assert.rejects(asked, { code: 'not-yours', message: 'the tenant says no', status: 403 });
});
