import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { agentSend, call, httpSend, type Send } from '@causeway/api';
import {
  ACCEPTED_RECORDS,
  enrolmentRoutes,
  managedDomainRoutes,
  PROGRAM_VERSION,
  synchronizationRoutes,
} from '@causeway/contract';
import { generateSealingKey, generateSigningKey } from '@causeway/records';
import { FOREST } from '../testing/forest.ts';
import { enrolAgent, makeAgentKeys, type TestAgent } from '../testing/test-agent.ts';
import { startTestTenant, type TestTenant } from '../testing/test-tenant.ts';

const MINIMUM = '0.9.0';
let tenant: TestTenant;
let admin: Send;

before(async () => {
  tenant = await startTestTenant('pglite', {}, { minimumAgentVersion: MINIMUM });
  admin = (await tenant.createTenant('contoso')).send;
});
after(() => tenant.close());

const as = (agent: TestAgent, version: string): Send =>
  agentSend({ url: tenant.url }, { ...agent, clientId: agent.id, version });
const configuration = (send: Send) => call(send, synchronizationRoutes.getSyncConfiguration);
const versionOf = async (agent: TestAgent): Promise<string> => {
  const { agents } = await call(admin, enrolmentRoutes.listAgents);
  return agents.find(({ id }) => id === agent.id)!.version;
};
const TOO_OLD = { status: 426, code: 'agent-too-old', message: /needs 0\.9\.0 or later: update it/ };

it('a Connect that is too old cannot enrol, and its code stays valid for a newer one', async () => {
  const { code } = await call(admin, enrolmentRoutes.createEnrolment, {
    body: { kind: 'connect', name: 'c', forests: [FOREST] },
  });
  const { jwk } = await makeAgentKeys();
  const signingKey = generateSigningKey().publicKey;
  const enrol = (version: string) =>
    call(httpSend({ url: tenant.url }), enrolmentRoutes.enrol, { body: { code, version, jwk, signingKey } });
  for (const version of ['0.8.9', '0.9.0-rc.1', 'none', '']) await assert.rejects(enrol(version), TOO_OLD);
  await enrol('0.9.0');
});

it('a Connect that is too old is rejected at every call until it is updated', async () => {
  const agent = await enrolAgent(tenant.url, admin, 'connect');
  await assert.rejects(configuration(as(agent, '0.8.0')), TOO_OLD);
  const objects = call(as(agent, '0.8.0'), synchronizationRoutes.exportObjects, {
    body: { forest: FOREST, changes: [] as never },
  });
  await assert.rejects(objects, TOO_OLD);
  assert.equal(await versionOf(agent), '0.8.0', 'an administrator sees it');
  assert.equal((await configuration(as(agent, '0.10.0'))).minimumAgentVersion, MINIMUM);
  assert.equal(await versionOf(agent), '0.10.0');
});

it('a call without a version, or with nonsense, counts as the last known version', async () => {
  const agent = await enrolAgent(tenant.url, admin, 'connect');
  await configuration(as(agent, '1.5.0'));
  await configuration(as(agent, 'latest'));
  assert.equal(await versionOf(agent), '1.5.0');
});

it('a Connect that announces its records learns which ones the tenant accepts, and an older one does not', async () => {
  const agent = await enrolAgent(tenant.url, admin, 'connect');
  const announcing = (accepts: readonly string[]): Send =>
    agentSend({ url: tenant.url }, { ...agent, clientId: agent.id, version: '1.0.0', accepts });
  assert.deepEqual((await configuration(announcing(['account-3']))).accepts, ACCEPTED_RECORDS);
  assert.equal('accepts' in (await configuration(announcing([]))), false);
  assert.equal('accepts' in (await configuration(announcing(['nonsense']))), false);
});

it('an announcing Connect learns what the managed domain announced last', async () => {
  const agent = await enrolAgent(tenant.url, admin, 'connect');
  const domain = await enrolAgent(tenant.url, admin, 'domain');
  const { publicKey: key } = await generateSealingKey();
  const { publicKey: receiptKey } = generateSigningKey();
  const body = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', key, receiptKey };
  const reads = async () => (await configuration(as(agent, '1.0.0'))).domainAccepts;
  assert.equal(await reads(), undefined);
  await call(domain.send, managedDomainRoutes.registerDomainKey, { body });
  assert.deepEqual(await reads(), ACCEPTED_RECORDS);
  for (const accepts of [[], ['account-3']]) {
    const send = agentSend({ url: tenant.url }, { ...domain, clientId: domain.id, accepts });
    await call(send, managedDomainRoutes.readHeads);
    assert.deepEqual(await reads(), accepts);
  }
});

it('an agent reports the version of its program by itself', async () => {
  const agent = await enrolAgent(tenant.url, admin, 'domain');
  await call(
    agentSend({ url: tenant.url }, { ...agent, clientId: agent.id }),
    managedDomainRoutes.readChanges,
    {
      query: {},
    },
  );
  assert.equal(await versionOf(agent), PROGRAM_VERSION);
});
