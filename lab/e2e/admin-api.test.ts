import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { call, callLocally, httpSend, serviceIn } from '@causeway/api';
import { SLICES_IN_FLIGHT } from '@causeway/connect/testing';
import {
  type CallInput,
  FORCE_FULL_PASSWORD_SYNC,
  type FullPasswordSync,
  forceFullPasswordSync,
  type ReplyOf,
  type Route,
  connectAdministrationRoutes as routes,
} from '@causeway/contract';
import { generateSealingKey, sealingPublicKey } from '@causeway/records';
import { readPrivateFile } from '@causeway/service';
import { labUp } from '../domains/lifecycle.ts';
import { randomPassword } from '../domains/table.ts';
import { setPassword } from '../domains/users.ts';
import { makeCertificates } from '../places/certificates.ts';
import { ConnectAtPeer } from '../places/connect-at-peer.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// Connect's admin API against a real directory and a scripted tenant: a script's forced full pass, and what may happen meanwhile.

await labUp();
const connect = await ConnectAtPeer.listen();
const { domain, lab, folder, state, config, peer, service } = connect;
const { cli, user, inTenant, hasPassword } = connect;
const certificates = await makeCertificates(join(folder, 'certificates'));
const PORT = 18_443;
const url = `https://127.0.0.1:${PORT}`;
const ad = lab.dnsDomain;
const tenant = 'peer - AAD';
const BATCH = 2;

/** Asks over the socket, as the module on Connect's machine does. */
function ask<R extends Route>(route: R, input: CallInput<R> = {}): Promise<ReplyOf<R>> {
  return callLocally(serviceIn(state, 'connect'), route, input);
}

const eventually = (what: string, holds: () => boolean | Promise<boolean>) =>
  service.eventually(what, holds, 30_000);

const CREDENTIALS = '/api/v1/sync/credentials';
/** Whose passwords were sent, by anchor, in the order of the requests. */
const sent = (): string[] =>
  peer
    .requestsTo(CREDENTIALS)
    .flatMap(({ body }) => (JSON.parse(body) as { changes: { sourceAnchor: string }[] }).changes)
    .map(({ sourceAnchor }) => sourceAnchor);

async function pass(): Promise<FullPasswordSync | null> {
  const { passes } = await ask(routes.getFullPasswordSync, { query: { connector: ad } });
  return passes[0]!.pass;
}

const forced = forceFullPasswordSync(1);
const saveParameter = () =>
  ask(routes.saveConnector, { params: { name: ad }, body: { globalParameters: [forced] } });
const switchChannel = (enabled: boolean) =>
  ask(routes.setPasswordSync, { body: { sourceConnector: ad, targetConnector: tenant, enabled } });
/** The lines of the original's script after it has read the connector. */
async function runScript(): Promise<'begun' | 'merged' | undefined> {
  await saveParameter();
  await switchChannel(false);
  return (await switchChannel(true)).fullPass;
}
async function parameter(): Promise<unknown> {
  const { globalParameters } = await ask(routes.getConnector, { params: { name: ad } });
  return globalParameters.find(({ name }) => name === FORCE_FULL_PASSWORD_SYNC)?.value;
}
/** All events so far, from the log: status shows only the last ones, and a forest with many people has more. */
const eventIds = (): number[] =>
  [...readFileSync(connect.logFile, 'utf8').matchAll(/"eventId":(\d+)/g)].map(([, id]) => Number(id));
const completed = () => eventually('the pass is completed', async () => (await pass())?.completedAt != null);

before(async () => {
  await connect.enrol({
    passwordBatch: BATCH,
    adminApi: { listen: { host: '127.0.0.1', port: PORT }, tls: certificates.server },
  });
  await cli('sync', '--once');
  await service.start();
});
after(() => connect.close());

test('HTTPS accepts a named token until it is revoked, and the socket needs none', async () => {
  const tokenFile = join(folder, 'workstation.token');
  await cli('token', 'create', 'workstation', '--token-out', tokenFile);
  const token = readPrivateFile(tokenFile).trim();
  const ca = readFileSync(certificates.caFile, 'utf8');
  const send = httpSend({ url, ca }, async () => token);
  const { connectors } = await call(send, routes.listConnectors);
  assert.deepEqual(connectors, (await ask(routes.listConnectors)).connectors);
  assert.deepEqual(
    connectors.map(({ name }) => name),
    [tenant, ad],
  );
  await assert.rejects(call(httpSend({ url, ca }), routes.listConnectors), { code: 'unauthorized' });
  const other = readFileSync(certificates.otherCaFile, 'utf8');
  const believed = call(
    httpSend({ url, ca: other }, async () => token),
    routes.listConnectors,
  );
  await assert.rejects(believed, { code: 'no-answer' });
  await assert.rejects(call(send, routes.createAdminToken, { body: { name: 'more', days: 1 } }), {
    status: 404,
  });
  await assert.rejects(call(send, routes.trustDomain, { body: { fingerprint: 'x' } }), { status: 404 });
  const { tokens } = await cli<{ tokens: { name: string; lastUsedAt: string | null }[] }>('token', 'list');
  assert.ok(tokens.find(({ name }) => name === 'workstation')!.lastUsedAt !== null);
  await cli('token', 'revoke', 'workstation');
  await assert.rejects(call(send, routes.listConnectors), { code: 'unauthorized' });
  assert.equal(readFileSync(connect.logFile, 'utf8').includes(token), false);
});

test('the parameter alone does nothing, and switching the channel off and on sends all users again', async () => {
  const anna = await user('anna');
  await eventually('her password', () => hasPassword(anna.upn, anna.password));
  const { sourceAnchor } = inTenant(anna.upn)!.object;
  peer.requests.length = 0;
  await saveParameter();
  await delay(1_500);
  assert.equal(await pass(), null);
  assert.equal(sent().includes(sourceAnchor), false);

  await switchChannel(false);
  const second = randomPassword();
  await setPassword(domain, anna.sam, second);
  const ben = await user('ben');
  await eventually('objects go on', () => inTenant(ben.upn) !== undefined);
  await delay(1_500);
  assert.deepEqual(sent(), [], 'a channel that is off sends nothing');
  const [off] = (await ask(routes.listPartitionStates, { query: {} })).partitions;
  assert.equal(off!.passwordSyncLastCycleStatus, 'Disabled');

  assert.equal((await switchChannel(true)).fullPass, 'begun');
  assert.equal(await parameter(), '0');
  await completed();
  await eventually('what was changed meanwhile', () => hasPassword(anna.upn, second));
  await eventually('who is new', () => hasPassword(ben.upn, ben.password));
  const everybody = [...peer.users.values()].filter(({ credential }) => credential).length;
  assert.equal(new Set(sent()).size, everybody);
  const ids = eventIds();
  for (const id of [617, 618, 619, 622, 623]) assert.ok(ids.includes(id), `event ${id}`);
  const done = (await pass())!;
  assert.ok(done.users > 0 && done.rate !== null && done.waitingFor === null);
  const { passes } = await cli<{ passes: { connector: string }[] }>('force-password-sync', '--connector', ad);
  assert.equal(passes[0]!.connector, ad);
});

test('a killed pass resumes with the unsent users, and forcing it twice makes one pass', async () => {
  await completed();
  const everybody = new Set(
    [...peer.users.values()].filter(u => u.credential).map(u => u.object.sourceAnchor),
  );
  peer.requests.length = 0;
  let batches = 0;
  const killed = Promise.withResolvers<void>();
  peer.hold = path => (path === CREDENTIALS && ++batches >= 4 ? killed.promise : undefined);
  assert.equal(await runScript(), 'begun');
  const { id } = (await pass())!;
  assert.equal(await runScript(), 'merged');
  await eventually('half of it', () => batches >= 4);
  await service.kill();
  killed.resolve();
  peer.hold = () => undefined;
  const before = sent();
  // The last request of a page of replication has fewer users than a batch.
  assert.ok(before.length >= 4 && before.length < everybody.size, `${before.length} of ${everybody.size}`);
  await service.start();
  await completed();
  assert.equal((await pass())!.id, id);
  assert.equal((await pass())!.users, everybody.size);
  assert.equal(await parameter(), '0');
  const all = sent();
  assert.deepEqual(new Set(all), everybody);
  // Requests in flight at the kill are sent again, and no others.
  const inFlight = SLICES_IN_FLIGHT * BATCH;
  assert.ok(all.length <= everybody.size + inFlight, `${all.length} sent, ${everybody.size} users`);
});

test('a pass does not delay a change, and shows its progress', async () => {
  const clara = await user('clara');
  await eventually('her password', () => hasPassword(clara.upn, clara.password));
  peer.hold = path => (path === CREDENTIALS ? delay(700) : undefined);
  await runScript();
  await eventually('it sends', async () => ((await pass())?.users ?? 0) > 0);
  const password = randomPassword();
  await setPassword(domain, clara.sam, password);
  const began = Date.now();
  await eventually('her new password', () => hasPassword(clara.upn, password));
  const took = Date.now() - began;
  const now = (await pass())!;
  assert.equal(now.readAt, null, 'the pass is not through yet');
  assert.ok(now.rate !== null && now.expectedAt !== null && now.users < now.total);
  assert.ok(took < 3_000, `${took} ms`);
  const force = ['connect', 'force-password-sync', '--no-wait', '--config', config];
  const { passes } = await runCliJson<{ passes: object[] }>(force);
  assert.deepEqual(
    passes.map(each => ({ ...each, users: 0, rate: 0, expectedAt: null })),
    [{ connector: ad, merged: true, ...now, users: 0, rate: 0, expectedAt: null }],
  );
  assert.match(
    (await runCli(force)).stdout,
    new RegExp(`^${ad}: .* this request was merged with it\n${ad}: `),
  );
  peer.hold = () => undefined;
  await completed();
});

test('a pass stays open before the managed domain is paired, gives the reason, and resumes after it', async () => {
  const key = sealingPublicKey(await generateSealingKey());
  peer.offerKey(key);
  await delay(3_100); // longer than the configuration may be cached
  await runScript();
  await eventually('everybody is read', async () => (await pass())?.readAt != null);
  const open = (await pass())!;
  assert.equal(open.completedAt, null);
  assert.ok(open.owed > 0);
  assert.match(open.waitingFor!, /key is not confirmed.*causeway connect trust-domain/);
  // The first request waits for the confirmation. After a second one all users are sent again.
  const everybody = [...peer.users.values()].filter(({ credential }) => credential).length;
  peer.requests.length = 0;
  assert.equal(await runScript(), 'begun');
  await eventually('everybody is read anew', async () => (await pass())?.readAt != null);
  const again = (await pass())!;
  assert.notEqual(again.id, open.id);
  assert.deepEqual([new Set(sent()).size, again.completedAt], [everybody, null]);
  await service.stop();
  await service.start();
  assert.equal((await pass())!.id, again.id, 'a restart asks for nothing');
  await cli('trust-domain', peer.confirmable(key).fingerprint);
  await completed();
});

test('stopping the scheduler holds objects back but not passwords, and a requested cycle runs', async () => {
  const dave = await user('dave');
  await eventually('his password', () => hasPassword(dave.upn, dave.password));
  const scheduler = await ask(routes.setScheduler, { body: { syncCycleEnabled: false } });
  assert.equal(scheduler.syncCycleEnabled, false);
  const eve = await user('eve');
  const password = randomPassword();
  await setPassword(domain, dave.sam, password);
  await eventually('a password that was changed', () => hasPassword(dave.upn, password));
  assert.equal(inTenant(eve.upn), undefined);
  await ask(routes.startSyncCycle, { body: { policyType: 'Initial' } });
  await eventually('the new user', () => hasPassword(eve.upn, eve.password));
  const { events } = await ask(routes.getStatus);
  assert.ok(events.some(({ text }) => text.includes('imported and synchronized anew')));
  await ask(routes.setScheduler, { body: { schedulerSuspended: true } });
  await assert.rejects(ask(routes.startSyncCycle, { body: {} }), { code: 'scheduler-suspended' });
  await ask(routes.setScheduler, { body: { syncCycleEnabled: true, schedulerSuspended: false } });
});

test('a running cycle shows as busy and stops at a safe point, and the next one does the rest', async () => {
  peer.hold = path => (path.endsWith('/objects') ? delay(1_500) : undefined);
  const gina = await user('gina');
  const busy = async () => (await ask(routes.listRunStatus, { query: {} })).running;
  await eventually('the export shows', async () =>
    (await busy()).some(({ connectorName }) => connectorName === tenant),
  );
  assert.deepEqual(await ask(routes.stopSyncCycle), { stopped: true });
  peer.hold = () => undefined;
  await ask(routes.startSyncCycle, { body: {} });
  await eventually('nothing is lost', () => hasPassword(gina.upn, gina.password));
  await eventually('all is idle', async () => (await busy()).length === 0);
});

test("sends one object's password on request, and its log shows it", async () => {
  const finn = await user('finn');
  await eventually('his password', () => hasPassword(finn.upn, finn.password));
  const { distinguishedName } = await cli<{ distinguishedName: string }>('status', finn.upn);
  const { objects } = await ask(routes.listObjects, { query: { connector: ad, distinguishedName } });
  const { objectId, anchorValue } = objects[0]!;
  peer.requests.length = 0;
  const entry = await ask(routes.syncObjectPassword, { params: { id: objectId } });
  assert.equal(entry.status, 'Success');
  assert.deepEqual(sent(), [anchorValue]);
  const { entries } = await ask(routes.getObjectLog, { params: { id: objectId }, query: { count: 5 } });
  assert.deepEqual(entries[0], entry);
  assert.ok(entries.length >= 2);
  const inSpace = await ask(routes.listObjects, { query: { connector: tenant, maxResultCount: 1000 } });
  assert.ok(inSpace.objects.some(each => each.anchorValue === anchorValue));
  const query = { connector: ad, distinguishedName };
  const { checks } = await ask(routes.diagnosePasswordSync, { query });
  assert.deepEqual(
    checks.filter(({ passed }) => !passed),
    [],
  );
  const all = await ask(routes.diagnosePasswordSync, { query: {} });
  assert.deepEqual(
    all.checks.filter(({ passed }) => !passed),
    [],
  );
  const { domains } = await ask(routes.getDomainReachability, { params: { name: ad } });
  assert.deepEqual(domains, [{ fullName: lab.dnsDomain, isReachable: true, exceptionMessage: null }]);
});

test('a command works the same way without a running service', async () => {
  await service.stop();
  const wrong = await runCli([
    ...['connect', 'force-password-sync', '--connector', ad.toUpperCase(), '--config', config],
  ]);
  assert.match(wrong.stderr, /there is no connector .*case counts/);
  const { passes } = await cli<{ passes: { users: number; completedAt: string | null }[] }>(
    'force-password-sync',
  );
  assert.ok(passes[0]!.users > 0 && passes[0]!.completedAt !== null);
});
