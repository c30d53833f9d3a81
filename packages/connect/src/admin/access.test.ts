import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { callLocally, type HttpServer, serveLocally, serviceIn } from '@causeway/api';
import { connectAdministrationRoutes, type Route } from '@causeway/contract';
import { openConnect } from '../testing/open-connect.ts';
import { adminHandlers } from './handlers.ts';
import { makeAdminServer } from './serve-admin-api.ts';

const routes = Object.values<Route>(connectAdministrationRoutes);
const at = await openConnect();
const { tokens } = at.connect.store;
let nudges = 0;
const handlers = adminHandlers(at.connect, () => nudges++);
const registered: Record<'socket' | 'network', string[]> = { socket: [], network: [] };
const serverOf = (side: 'socket' | 'network'): HttpServer =>
  makeAdminServer(at.connect, handlers, {
    side,
    onRoute: ({ method, url }) => registered[side].push(`${method} ${url}`),
  });
const network = serverOf('network');
const local = serverOf('socket');
const socket = join(at.stateDirectory, 'api.sock');
let url: string;

before(async () => {
  url = await network.listen({ host: '127.0.0.1', port: 0 });
  await serveLocally(local, at.stateDirectory);
});
after(async () => {
  await network.close();
  await local.close();
  await at.close();
});

const pathOf = ({ path }: Route) => path.replace(/:[a-z]+/g, '00000000-0000-4000-8000-000000000000');

function ask(route: Route, token?: string): Promise<Response> {
  const hasBody = route.method === 'POST' || route.method === 'PUT';
  return fetch(new URL(pathOf(route), url), {
    method: route.method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(hasBody && { 'content-type': 'application/json' }),
    },
    ...(hasBody && { body: '{"nonsense":1}' }),
  });
}

const served = (side: 'socket' | 'network') =>
  registered[side].filter(each => !each.startsWith('HEAD ')).sort();
const names = (list: readonly Route[]) => list.map(({ method, path }) => `${method} ${path}`).sort();

test('the socket serves every route of the contract, the network only the routes for operators', () => {
  assert.deepEqual(served('socket'), names(routes));
  assert.deepEqual(served('network'), names(routes.filter(({ access }) => access.includes('operator'))));
  assert.equal(
    routes.some(({ access }) => access.includes('public')),
    false,
  );
});

test('every route over the network rejects a missing, wrong, revoked or expired token', async () => {
  const { token: revoked } = tokens.create('revoked', 1);
  tokens.revoke('revoked');
  const { token: expired } = tokens.create('expired', 1);
  at.connect.store.db.run(
    `UPDATE admin_token SET expires_at = '2020-01-01T00:00:00.000Z' WHERE name = 'expired'`,
  );
  const { token: good } = tokens.create('good', 1);
  const wrong = [
    undefined,
    '',
    'x'.repeat(43),
    "' or 1=1 --",
    revoked,
    expired,
    good.toLowerCase(),
    `${good}x`,
  ];
  for (const route of routes) {
    const over = route.access.includes('operator') ? 401 : 404;
    for (const token of wrong) {
      const { status } = await ask(route, token);
      assert.equal(status, over, `${route.method} ${route.path} with ${wrong.indexOf(token)}`);
    }
    const { status } = await ask(route, good);
    assert.equal(status === 401, false, `${route.method} ${route.path}`);
    if (over === 404) assert.equal(status, 404, `${route.path} is the socket's alone`);
    else if (route.body) assert.equal(status, 400, `${route.path} takes nonsense`);
  }
});

test('the socket needs no token, and only its owner may open it', async () => {
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  const service = serviceIn(at.stateDirectory, 'connect');
  const { createAdminToken, revokeAdminToken } = connectAdministrationRoutes;
  const { token } = await callLocally(service, createAdminToken, { body: { name: 'a workstation' } });
  const [route] = routes.filter(({ path }) => path === '/api/v1/connectors');
  assert.equal((await ask(route!, token)).status, 200);
  const listed = tokens.list().find(({ name }) => name === 'a workstation')!;
  assert.ok(listed.lastUsedAt !== null && !JSON.stringify(tokens.list()).includes(token));
  await callLocally(service, revokeAdminToken, { params: { name: 'a workstation' } });
  assert.equal((await ask(route!, token)).status, 401);
});

test('stores only the digest of a token, and reserves its name while the token is valid', () => {
  const { token } = tokens.create('once', 1);
  assert.throws(() => tokens.create('once', 1), { code: 'token-exists', status: 409 });
  const rows = JSON.stringify(at.connect.store.db.all('SELECT * FROM admin_token'));
  assert.equal(rows.includes(token), false);
  assert.throws(() => tokens.revoke('nobody'), { code: 'no-such-token', message: /known are .*'once'/ });
});
