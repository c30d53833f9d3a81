import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  generateSealingKey,
  generateSigningKey,
  normalizeFingerprint,
  sealingPublicKey,
} from '@causeway/records';
import { createLog } from '@causeway/service';
import { connectStatus, userStatus } from '../admin/status.ts';
import { describeStatus } from '../commands/show-status.ts';
import { loadConnectConfiguration } from '../configuration.ts';
import { whyRestored } from '../domain-controller/note-restore.ts';
import { decideObject } from '../objects/merge.ts';
import { trustDomain, untrustDomain } from '../pairing/trust-domain.ts';
import { NO_RULES } from '../scope/rules.ts';
import { agentTransport, enrol, readAgent } from '../tenant/identity.ts';
import { TenantClient } from '../tenant/tenant-client.ts';
import { person } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { Connect } from './connect.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-connect-'));
const stateDirectory = join(folder, 'state');
const log = createLog('test', { write: () => {} });
const peer = await ProvisioningPeer.listen();
after(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});

function configurationFile(more = ''): string {
  const file = join(folder, 'connect.yaml');
  writeFileSync(
    file,
    `stateDirectory: ${stateDirectory}
tenant: { url: '${peer.url}' }
connectors:
  - name: corp.example.com
    forest: CORP.example.com
    server: 127.0.0.1
    ldapsPort: 1
    caFile: ${file}
    account: reader@corp.example.com
    password: env:CAUSEWAY_TEST_PASSWORD
${more}`,
  );
  return file;
}

const open = () => Connect.open(loadConnectConfiguration(configurationFile()), log);

before(() => {
  process.env.CAUSEWAY_TEST_PASSWORD = 'not a real one';
});

test('rejects a configuration with an unknown key and suggests the right one, in a connector too', () => {
  assert.throws(() => loadConnectConfiguration(configurationFile('deletionTreshold: 5\n')), {
    code: 'bad-configuration',
    message: /deletionTreshold.*did you mean 'deletionThreshold'/,
  });
  assert.throws(() => loadConnectConfiguration(configurationFile('    serverNam: x\n')), {
    message: /connectors\.0\.serverNam.*did you mean 'serverName'/,
  });
});

test('accepts connectors for two domains of a forest, and rejects two for one domain', () => {
  const second = (domain: string) => `  - name: emea
    forest: corp.EXAMPLE.com
    ${domain}
    server: 127.0.0.2
    caFile: ${folder}
    account: reader@emea.corp.example.com
    password: env:CAUSEWAY_TEST_PASSWORD
`;
  const named = ['domain: emea.corp.example.com', "namingContext: 'DC=emea,DC=corp,DC=example,DC=com'"].map(
    domain => loadConnectConfiguration(configurationFile(second(domain))),
  );
  for (const { connectors } of named)
    assert.deepEqual(
      connectors.map(({ domain }) => domain),
      ['corp.example.com', 'emea.corp.example.com'],
      'whatever stands in it: each one is held to its domain',
    );
  for (const domain of ['domain: CORP.example.com', "namingContext: 'DC=corp,DC=example,DC=com'", ''])
    assert.throws(() => loadConnectConfiguration(configurationFile(second(domain))), {
      code: 'bad-configuration',
      message: /connectors 'corp\.example\.com' and 'emea' one domain, 'corp\.example\.com'/,
    });
});

test('rejects a connector that names a domain controller twice', () => {
  const again = configurationFile('    domainControllers: [{ server: dc2 }, { server: 127.0.0.1 }]\n');
  assert.throws(() => loadConnectConfiguration(again), {
    code: 'bad-configuration',
    message: /names the domain controller '127\.0\.0\.1' of connector 'corp\.example\.com' twice/,
  });
});

test('fills omitted configuration with defaults, and writes the forest in lower case', () => {
  const configuration = loadConnectConfiguration(configurationFile());
  assert.equal(configuration.connectors[0]!.forest, 'corp.example.com');
  assert.deepEqual([configuration.deletionThreshold, configuration.cycleIntervalMs], [500, 120_000]);
});

test('explains how to enrol if not enrolled', async () => {
  await assert.rejects(open(), { code: 'not-enrolled', todo: /causeway connect enrol/ });
});

test('creates keys at enrolment that only their owner can read, and enrols only once', async () => {
  const agent = await enrol(stateDirectory, { url: peer.url }, 'a-code');
  assert.equal(agent.tenantId, peer.tenantId);
  assert.equal(normalizeFingerprint(agent.publicKey.fingerprint), agent.publicKey.fingerprint);
  assert.equal(readAgent(stateDirectory).publicKey.fingerprint, agent.publicKey.fingerprint);
  for (const name of ['identity.json', 'signing-key.pem', 'agent-key.pem'])
    assert.equal(statSync(join(stateDirectory, name)).mode & 0o077, 0, name);
  await assert.rejects(enrol(stateDirectory, { url: peer.url }, 'a-code'), { code: 'already-enrolled' });
});

test('explains what may have happened and where to look when the tenant no longer accepts the agent', async () => {
  peer.removed = true;
  const agent = readAgent(stateDirectory);
  const tenant = new TenantClient(await agentTransport(loadConnectConfiguration(configurationFile()), agent));
  await assert.rejects(tenant.configuration(), {
    code: 'invalid_client',
    message: new RegExp(
      `'peer' does not accept this Connect \\(agent ${agent.agentId}\\).*tenant agents list`,
    ),
  });
  peer.removed = false;
  await tenant.configuration();
});

test('explains how to replace a lost agent key, and creates none in its place', async () => {
  const file = join(stateDirectory, 'agent-key.pem');
  const backup = join(folder, 'agent-key.pem');
  renameSync(file, backup);
  for (const _ of ['once', 'and again']) {
    await assert.rejects(open(), {
      code: 'agent-key-missing',
      message: /agent-key\.pem' is missing\nRestore it from the backup.*identity\.json.* --replace /s,
    });
  }
  renameSync(backup, file);
  await (await open()).close();
});

test('refuses an identity or a key that others could read or write', async () => {
  for (const name of ['identity.json', 'agent-key.pem', 'signing-key.pem']) {
    const file = join(stateDirectory, name);
    for (const mode of [0o620, 0o604]) {
      chmodSync(file, mode);
      await assert.rejects(open(), { code: 'file-not-private', message: new RegExp(name) });
    }
    chmodSync(file, 0o600);
  }
  await (await open()).close();
});

test('refuses a second instance with the process id of the first', async () => {
  const first = await open();
  await assert.rejects(open(), { code: 'already-running', message: new RegExp(`process ${process.pid}`) });
  await first.close();
  await (await open()).close();
});

test('names an unreachable domain controller and its connector in the error', async () => {
  const connect = await open();
  await assert.rejects(connect.sync(), {
    code: 'domain-controller-unreachable',
    message: /'127.0.0.1' of connector 'corp.example.com'/,
  });
  const status = await connectStatus(connect);
  assert.match(
    describeStatus(status, true).join('\n'),
    /^ {2}last error: .*cannot connect to 127.0.0.1:1.*\n {2}\S.*\n {4}causeway doctor/m,
  );
  assert.throws(() => userStatus(connect, 'nobody'), { code: 'no-such-user' });
  await connect.close();
});

test('trusts keys by their own fingerprint only, in any spelling, and withdraws the trust on request', async () => {
  const connect = await open();
  const key = sealingPublicKey(await generateSealingKey());
  const other = sealingPublicKey(await generateSealingKey());
  const { fingerprint } = peer.confirmable(key);
  await assert.rejects(trustDomain(connect, fingerprint), { code: 'no-managed-domain' });
  peer.offerKey({ ...other, fingerprint });
  await assert.rejects(trustDomain(connect, fingerprint), { code: 'fingerprint-differs' });
  peer.offerKey(key, { ...generateSigningKey().publicKey, fingerprint });
  await assert.rejects(trustDomain(connect, fingerprint), { code: 'fingerprint-differs' });
  peer.offerKey(key);
  await assert.rejects(trustDomain(connect, 'nonsense'), { code: 'bad-fingerprint' });
  await assert.rejects(trustDomain(connect, key.fingerprint), { code: 'fingerprint-differs' });
  const confirmed = await trustDomain(connect, fingerprint.toLowerCase().replaceAll('-', ' '));
  assert.deepEqual(
    [confirmed.fingerprint, confirmed.receiptKey],
    [fingerprint, peer.receiptKey.publicKey.publicKey],
  );
  assert.equal((await connectStatus(connect)).pairing.state, 'confirmed');
  for (const offer of [
    () => peer.offerKey(other),
    () => peer.offerKey(key, generateSigningKey().publicKey),
    () => peer.offerKey(), // the tenant alone cannot end the trust
  ]) {
    offer();
    await connect.tenant.configuration(true);
    assert.equal((await connectStatus(connect)).pairing.state, 'unconfirmed');
  }
  assert.equal(untrustDomain(connect.store), true);
  assert.equal(untrustDomain(connect.store), false);
  assert.equal((await connectStatus(connect)).pairing.state, 'off');
  await connect.close();
});

test('never shows a user for a namesake of another connector', async () => {
  const second = `  - name: fabrikam.example.org
    forest: fabrikam.example.org
    server: 127.0.0.1
    ldapsPort: 1
    caFile: ${folder}
    account: reader@fabrikam.example.org
    password: env:CAUSEWAY_TEST_PASSWORD
`;
  const connect = await Connect.open(loadConnectConfiguration(configurationFile(second)), log);
  for (const [index, { context }] of connect.connectors.entries()) {
    const { forest } = context.connector;
    const object = person(index, { sAMAccountName: 'alice', userPrincipalName: `alice@${forest}` });
    context.store.space.put(decideObject('user', object, { scope: context.scope, rules: NO_RULES }), 1);
  }
  assert.throws(() => userStatus(connect, 'Alice'), {
    code: 'several-users',
    message: /'alice@corp\.example\.com' of corp\.example\.com, 'alice@fabrikam\.example\.org' of/,
  });
  assert.equal(userStatus(connect, 'alice@fabrikam.example.org').connector, 'fabrikam.example.org');
  const { userPrincipalName: _, ...attributes } = person(7).attributes;
  const { context } = connect.connectors[0]!;
  context.store.space.put(
    decideObject('user', { ...person(7), attributes }, { scope: context.scope, rules: NO_RULES }),
    1,
  );
  assert.equal(userStatus(connect, 'User7@corp.example.com').objectGuid, person(7).guid);
  assert.throws(() => userStatus(connect, 'user7@fabrikam.example.org'), { code: 'no-such-user' });
  await connect.close();
});

test('detects a restored domain controller by a lower USN or another database', () => {
  const before = { usn: '100', invocationId: 'a' };
  assert.equal(whyRestored(before, { usn: 100n, invocationId: 'a' }), undefined);
  assert.equal(
    whyRestored({ usn: undefined, invocationId: undefined }, { usn: 1n, invocationId: 'a' }),
    undefined,
  );
  assert.match(whyRestored(before, { usn: 99n, invocationId: 'a' })!, /went back from 100 to 99/);
  assert.match(whyRestored(before, { usn: 101n, invocationId: 'b' })!, /another one/);
});
