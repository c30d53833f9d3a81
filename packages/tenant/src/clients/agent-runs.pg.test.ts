import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { agentSend, call, type Send } from '@causeway/api';
import { administrationRoutes, managedDomainRoutes, synchronizationRoutes } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import { startTestTenant, type TestTenant } from '../testing/test-tenant.ts';

const clock = new HandClock(Date.now());
const statements: string[] = [];
let tenant: TestTenant;
let admin: Send;
let connect: TestAgent;
let domain: TestAgent;

before(async () => {
  tenant = await startTestTenant('pglite', { clock, onQuery: statement => statements.push(statement) });
  admin = (await tenant.createTenant('contoso')).send;
  connect = await enrolAgent(tenant.url, admin, 'connect');
  domain = await enrolAgent(tenant.url, admin, 'domain', 'ds', [], []);
});
after(() => tenant.close());

/** One start of an agent; without a machine, one of an earlier release. */
const start = (agent: TestAgent, machine?: string): Send =>
  agentSend(
    { url: tenant.url },
    { ...agent, clientId: agent.id, ...(machine && { run: { id: randomUUID(), machine } }) },
  );
const configuration = (send: Send) => call(send, synchronizationRoutes.getSyncConfiguration);
const standing = (send: Send) => call(send, managedDomainRoutes.readDomain);
const status = () => call(admin, administrationRoutes.getTenantStatus);

/** Each of them asks now and then, for half a minute. */
async function asking<T>(ask: (send: Send) => Promise<T>, ...those: Send[]): Promise<T[]> {
  let last: T[] = [];
  for (let i = 0; i < 6; i++) {
    last = [];
    for (const one of those) last.push(await ask(one));
    await clock.pass(6000);
  }
  return last;
}

it('11: two copies of a Connect learn of each other, and the administrator of both; it costs no write', async () => {
  const [first, second] = [start(connect, 'sync-1'), start(connect, 'sync-2')];
  const alone = await asking(configuration, first);
  assert.equal(alone[0]!.otherRuns, undefined);
  assert.equal((await status()).runningTwice, undefined);
  const [one, other] = await asking(configuration, first, second);
  assert.deepEqual(
    [one, other].map(told => told!.otherRuns!.map(({ machine }) => machine)),
    [['sync-2'], ['sync-1']],
  );
  assert.equal(one!.otherRuns![0]!.address, '127.0.0.1');
  const { runningTwice } = await status();
  assert.deepEqual(
    runningTwice!.map(({ id, kind, runs }) => [id, kind, runs.map(({ machine }) => machine).sort()]),
    [[connect.id, 'connect', ['sync-1', 'sync-2']]],
  );
  const alarms = tenant.log().filter(({ msg }) => /two copies of one agent/.test(String(msg)));
  assert.deepEqual(
    alarms.map(({ agentId, level }) => [agentId, level]),
    [[connect.id, 50]],
  );
  // The last-seen time is still written only once a minute, however many of them call.
  await asking(configuration, first, second);
  await configuration(first);
  statements.length = 0;
  for (let i = 0; i < 5; i++) for (const one of [first, second]) await configuration(one);
  assert.deepEqual(
    statements.filter(one => /^(insert|update|delete)/i.test(one)),
    [],
  );
});

it('an agent of an earlier release receives no field that it does not know', async () => {
  const old = start(connect);
  const before = await asking(configuration, start(connect, 'sync-1'), start(connect, 'sync-2'), old);
  assert.equal(before[0]!.otherRuns!.length > 0, true);
  assert.equal(before[2]!.otherRuns, undefined);
});

it('11: two copies of a Domain Services learn of each other, but not of what a Connect says', async () => {
  const [one, other] = await asking(standing, start(domain, 'ds1'), start(domain, 'ds1-copy'));
  assert.deepEqual(
    [one, other].map(told => told!.otherRuns!.map(({ machine }) => machine)),
    [['ds1-copy'], ['ds1']],
  );
  assert.equal((await standing(admin)).otherRuns, undefined);
});

it('another tenant learns nothing of it, whatever run its agents claim', async () => {
  const { send } = await tenant.createTenant('fabrikam');
  const theirs = await enrolAgent(tenant.url, send, 'connect');
  const run = { id: randomUUID(), machine: 'sync-9' };
  const as = (agent: TestAgent) => agentSend({ url: tenant.url }, { ...agent, clientId: agent.id, run });
  const [first, second] = await asking(configuration, as(connect), as(theirs));
  assert.equal(second!.otherRuns, undefined);
  assert.equal((await call(send, administrationRoutes.getTenantStatus)).runningTwice, undefined);
  assert.equal(first!.tenantName, 'contoso');
});
