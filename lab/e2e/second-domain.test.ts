import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { callLocally, serviceIn } from '@causeway/api';
import {
  type Agent,
  type ConnectStatus,
  connectAdministrationRoutes,
  domainRoutes,
  type DomainStatus as Status,
  type TenantStatus,
} from '@causeway/contract';
import { domainLayout, stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { DOMAINS, describeDomain, krb5ConfFile, layoutOf, randomPassword } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import { createUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { changeOnPage } from '../places/password-page.ts';
import { Place } from '../places/place.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// A tenant has one managed domain, and a forest one Connect. A second one takes over only by naming the first, and the loser reports it.

const stage = await freshStage({ databaseUrl: process.env.DATABASE_URL, headIntervalMs: 300 });
const FIRST = DOMAINS.managed;
const SECOND = {
  ...{ realm: 'AADDS2.EXAMPLE.NET', netbiosDomain: 'AADDS2' },
  ...{ hostName: 'ds2', address: '127.0.0.23' },
};
const secondState = stage.stateOf('second');
const secondSamba = join(secondState, 'samba');
const secondConfig = stage.configOf('second');
const secondLayout = domainLayout(secondSamba);
const second = new Place({
  name: 'domain',
  args: ['domain', 'run', '--config', secondConfig],
  logFile: stage.logOf('second'),
  ready: () => statusOf('second'),
});

const { dnsDomain } = describeDomain(DOMAINS.onprem);
const sam = `alice.${randomBytes(2).toString('hex')}`;
const alice = { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword() };
const carla = { upn: 'carla@contoso.example', sam: 'carla', password: 'First.Cloud.Passw0rd' };

const cli = (...args: string[]) => runCli(['domain', ...args]);
const tenant = <T = Record<string, unknown>>(...args: string[]): Promise<T> =>
  runCliJson<T>(['tenant', ...args, ...stage.remote]);

const makeCode = ['enrolment', 'create', '--kind', 'domain', '--name', 'again'];

/** A code for an agent that replaces the enrolled one. */
async function codeFile(): Promise<string> {
  const { agents } = await tenant<{ agents: Agent[] }>('agents', 'list');
  const there = agents.filter(({ kind }) => kind === 'domain').map(({ id }) => id);
  const named = there.length === 0 ? [] : ['--replace', ...there, '--yes'];
  const { code } = await tenant<{ code: string }>(...makeCode, ...named);
  const file = join(stage.directory, 'code');
  writeFileSync(file, `${code}\n`, { mode: 0o600 });
  return file;
}

const signsIn = async (where: 'first' | 'second', { sam: user }: { sam: string }, password: string) => {
  const [{ realm }, krb5Conf] = where === 'first' ? [FIRST, krb5ConfFile()] : [SECOND, secondLayout.krb5Conf];
  return (await tryKinit({ user, realm, password, krb5Conf })).ok;
};

const statusOf = async (where: 'first' | 'second'): Promise<Status> =>
  where === 'first'
    ? stage.domainStatus<Status>()
    : callLocally(serviceIn(secondState, 'domain'), domainRoutes.getStatus);
const becomes = (where: 'first' | 'second', state: Status['registration']['state']) =>
  eventually(`${where} domain ${state}`, async () => (await statusOf(where)).registration.state === state);

/** The first domain's own message about it, wherever it is shown. The log has it once for each occurrence. */
async function alarmOfTheFirst(times = 1): Promise<string> {
  const { registration, arrivals } = await statusOf('first');
  assert.ok(registration.alarm !== null && registration.next !== null);
  assert.deepEqual(
    arrivals.map(({ state, completeAsOf }) => [state, completeAsOf]),
    [['not registered', null]],
  );
  const { stdout } = await cli('status', '--config', stage.configOf('domain'));
  assert.ok(stdout.includes(registration.alarm) && stdout.includes(registration.next), stdout);
  assert.match(stdout, /registered +NO/);
  assert.doesNotMatch(stdout, /complete|object Object/);
  const inLog = stage.readLog('domain').split('\n');
  assert.equal(inLog.filter(line => line.includes(JSON.stringify(registration.alarm))).length, times);
  const found = await doctor('managed-domain');
  assert.deepEqual([found.met, found.found, found.next], [false, registration.alarm, registration.next]);
  return registration.alarm;
}

async function doctor(id: string, state = stage.stateOf('domain')) {
  const { stdout } = await runCli([
    ...['doctor', '--config', stage.configOf('connect'), '--domain-state', state, '--json'],
    ...stage.remote,
  ]);
  const { findings } = JSON.parse(stdout) as {
    findings: { id: string; met: boolean; found: string; next: string | null }[];
  };
  return findings.find(finding => finding.id === id)!;
}

async function trustDomain(config: string): Promise<void> {
  const { fingerprint } = await runCliJson<{ fingerprint: string }>([
    ...['domain', 'fingerprint', '--config', config],
  ]);
  await runCliJson(['connect', 'trust-domain', fingerprint, '--config', stage.configOf('connect')]);
  const unconfirmed = await doctor('confirmed-at-tenant');
  assert.equal(unconfirmed.met, false);
  assert.ok(unconfirmed.found.includes(fingerprint), unconfirmed.found);
  await stage.confirmAtTenant(fingerprint);
  assert.equal((await doctor('confirmed-at-tenant')).met, true);
}

async function changeCarla(next: string): Promise<void> {
  assert.match(await changeOnPage(stage, carla.upn, carla.password, next), /good from now on/);
  carla.password = next;
}

async function changeAlice(): Promise<void> {
  alice.password = randomPassword();
  await setPassword(DOMAINS.onprem, alice.sam, alice.password);
}

const outcomeOf = async ({ upn }: { upn: string }) =>
  (await stage.tenantStatus<{ legacy: { outcome: string | null } }>(upn)).legacy.outcome;

before(async () => {
  await stage.openTenant();
  await stage.createConnectorAccounts();
  await stage.openConnect();
  await stage.openDomain();
  await stage.pair();
  await createUser(DOMAINS.onprem, alice);
  const made = await tenant<{ temporaryPassword: string }>('user', 'create', carla.upn);
  await changeOnPage(stage, carla.upn, made.temporaryPassword, carla.password);
  for (const who of [alice, carla])
    await eventually(`${who.sam} in the first domain`, () => signsIn('first', who, who.password));
  writeFileSync(
    secondConfig,
    JSON.stringify({
      ...{ stateDirectory: secondState, directory: secondSamba, headIntervalMs: 300 },
      ...{ tenant: { url: stage.tenantUrl }, ...SECOND, dns: 'none' },
    }),
  );
});

after(async () => {
  await second.stop();
  await stage.close();
  await stopDomain(secondLayout);
  await stopDomain(layoutOf(FIRST));
});

test('a code for a second agent must name the first', async () => {
  const unnamed = await runCli(['tenant', ...makeCode, ...stage.remote]);
  assert.equal(unnamed.code, 1);
  assert.match(unnamed.stderr, /the agent 'domain' \(.*a tenant has one such agent.*--replace/s);
});

test('a second domain that does not name the first is rejected before anything is made', async () => {
  const code = await codeFile();
  const agents = async () =>
    (await tenant<{ agents: Agent[] }>('agents', 'list')).agents.map(({ lastSeenAt: _, ...agent }) => agent);
  const before = await agents();
  const create = (...more: string[]) => cli('create', '--config', secondConfig, '--code-file', code, ...more);
  const tries: [string[], RegExp][] = [
    [[], /has the managed domain AADDS\.EXAMPLE\.NET .*--replace AADDS\.EXAMPLE\.NET/s],
    [['--yes'], /--replace AADDS\.EXAMPLE\.NET/],
    [['--replace', SECOND.realm, '--yes'], /'AADDS2\.EXAMPLE\.NET' is not it/],
    [['--replace', FIRST.realm], /stay enabled and sign in there.*cloud-only.*tenant trust-domain.*--yes/is],
  ];
  for (const [flags, why] of tries) {
    const refused = await create(...flags);
    assert.equal(refused.code, 1, refused.stdout);
    assert.match(refused.stderr, why);
  }
  for (const file of ['creation.json', 'samba', 'sealing-key', 'agent-key.pem'])
    assert.equal(existsSync(join(secondState, file)), false, file);
  assert.deepEqual(await agents(), before);
  assert.equal((await statusOf('first')).registration.state, 'registered');

  const made = await runCliJson<{ realm: string; replaced: string }>([
    ...['domain', 'create', '--config', secondConfig, '--code-file', code],
    ...['--replace', FIRST.realm, '--yes'],
  ]);
  assert.deepEqual([made.realm, made.replaced], [SECOND.realm, FIRST.realm]);
  await second.start();
  await becomes('second', 'registered');
});

test('the first domain raises the alarm everywhere, and its users stay', async () => {
  await becomes('first', 'removed');
  assert.match(await alarmOfTheFirst(), /does not accept its agent.*another agent took its place/);
  for (const who of [alice, carla]) assert.ok(await signsIn('first', who, who.password));
  await eventually('Connect has heard of the second', async () => {
    const { pairing } = await stage.connectStatus<ConnectStatus>();
    return pairing.state === 'unconfirmed' && pairing.realm === SECOND.realm;
  });
  const paired = await doctor('paired', secondState);
  assert.match(paired.found, /AADDS2\.EXAMPLE\.NET yet; .* in the place of AADDS\.EXAMPLE\.NET/);
  assert.notEqual(await outcomeOf(alice), 'applied');
});

test('passwords go to the second domain once its keys are confirmed, cloud-only ones once they are changed', async () => {
  const connect = await runCliJson<{ fingerprint: string }>([
    ...['connect', 'fingerprint', '--config', stage.configOf('connect')],
  ]);
  await runCliJson([
    ...['domain', 'trust-agent', connect.fingerprint, '--forest', dnsDomain, '--config', secondConfig],
  ]);
  await trustDomain(secondConfig);
  await stage.forcePasswordSync();
  await eventually('alice in the second domain', () => signsIn('second', alice, alice.password));
  await eventually('complete', async () => (await statusOf('second')).arrivals[0]?.state === 'complete');
  assert.equal(await signsIn('second', carla, carla.password), false);

  const before = { alice: alice.password, carla: carla.password };
  await changeAlice();
  await changeCarla('Second.Cloud.Passw0rd');
  for (const who of [alice, carla]) {
    await eventually(`new password of ${who.sam}`, () => signsIn('second', who, who.password));
    await eventually(`${who.sam} applied`, async () => (await outcomeOf(who)) === 'applied');
    assert.equal(await signsIn('first', who, who.password), false);
  }
  assert.ok(await signsIn('first', alice, before.alice));
  assert.ok(await signsIn('first', carla, before.carla));
});

test('the first domain takes over again by naming the second, which then raises the alarm', async () => {
  const again = (...more: string[]) => cli('register', '--config', stage.configOf('domain'), ...more);
  assert.match((await again('--replace', SECOND.realm, '--yes')).stderr, /give a one-time code/);
  const code = ['--code-file', await codeFile()];
  for (const flags of [[], ['--yes'], ['--replace', FIRST.realm, '--yes'], ['--replace', SECOND.realm]]) {
    const refused = await again(...code, ...flags);
    assert.equal(refused.code, 1, refused.stdout);
    assert.match(refused.stderr, /AADDS2\.EXAMPLE\.NET/);
  }
  assert.equal((await statusOf('second')).registration.state, 'registered');
  const done = await again(...code, '--replace', SECOND.realm, '--yes');
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /now that of tenant contoso, in the place of AADDS2\.EXAMPLE\.NET/);
  await becomes('first', 'registered');
  await becomes('second', 'removed');
  assert.equal((await statusOf('first')).registration.alarm, null);

  await trustDomain(stage.configOf('domain'));
  await stage.forcePasswordSync();
  await eventually('alice in the first domain', () => signsIn('first', alice, alice.password));
  await eventually('complete', async () => (await statusOf('first')).arrivals[0]?.state === 'complete');
  assert.equal(await signsIn('first', carla, carla.password), false);
  await changeCarla('Third.Cloud.Passw0rd');
  await eventually('carla in the first domain', () => signsIn('first', carla, carla.password));
  assert.equal(await signsIn('second', carla, carla.password), false);
});

test('registering again changes nothing, with the service or without it', async () => {
  const again = () =>
    runCliJson<{ before: boolean; replaced: null }>([
      ...['domain', 'register', '--config', stage.configOf('domain')],
    ]);
  const registeredAt = async () =>
    (await stage.tenantStatus<TenantStatus>()).windowsCredentialsSyncConfig.domain!.registeredAt;
  const since = await registeredAt();
  const { before, replaced } = await again();
  assert.deepEqual([before, replaced], [true, null]);
  await stage.domain.stop();
  assert.equal((await again()).before, true);
  assert.equal(await registeredAt(), since);
  await stage.domain.start();
  await becomes('first', 'registered');
});

test('a withdrawn domain raises the alarm, and can be registered again', async () => {
  await tenant('withdraw-domain');
  await becomes('first', 'withdrawn');
  assert.match(await alarmOfTheFirst(), /the tenant has none/);
  const found = await doctor('managed-domain', secondState);
  assert.equal(found.met, false);
  assert.equal(await outcomeOf(alice), null);
  await runCliJson(['domain', 'register', '--config', stage.configOf('domain')]);
  await becomes('first', 'registered');
  await eventually('what is there is reported again', async () =>
    ['applied', 'unchanged'].includes((await outcomeOf(alice)) ?? ''),
  );
  await eventually('Connect hears of it', async () => {
    const { pairing } = await stage.connectStatus<ConnectStatus>();
    return pairing.state === 'confirmed';
  });
  await changeAlice();
  await eventually('alice in the first domain', () => signsIn('first', alice, alice.password));
});

test('a domain whose agent was removed raises the alarm, and returns with a new code', async () => {
  const enrolment = JSON.parse(readFileSync(join(stage.stateOf('domain'), 'enrolment.json'), 'utf8')) as {
    agentId: string;
  };
  await tenant('agents', 'remove', enrolment.agentId);
  await becomes('first', 'removed');
  assert.match(await alarmOfTheFirst(2), /does not accept its agent/);
  await changeAlice();
  const refused = await cli('register', '--config', stage.configOf('domain'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /does not accept the agent .*--code-file/);
  await runCliJson([
    ...['domain', 'register', '--config', stage.configOf('domain'), '--code-file', await codeFile()],
  ]);
  await becomes('first', 'registered');
  await eventually('alice in the first domain', () => signsIn('first', alice, alice.password));
  await eventually('complete', async () => (await statusOf('first')).arrivals[0]?.state === 'complete');
});

test('a second Connect replaces the first only by naming it, and the first one reports it', async () => {
  const make = ['enrolment', 'create', '--kind', 'connect', '--name', 'connect2', '--forest', dnsDomain];
  const unnamed = await runCli(['tenant', ...make, ...stage.remote]);
  assert.equal(unnamed.code, 1);
  assert.match(
    unnamed.stderr,
    /the agent 'connect' \(.*speaks for corp\.example\.com; a forest has one Connect/,
  );
  const { agents } = await tenant<{ agents: Agent[] }>('agents', 'list');
  const { id } = agents.find(({ kind }) => kind === 'connect')!;
  const { fingerprint: former } = await runCliJson<{ fingerprint: string }>([
    ...['connect', 'fingerprint', '--config', stage.configOf('connect')],
  ]);
  const { code } = await tenant<{ code: string }>(...make, '--replace', id, '--yes');

  const config = stage.configOf('connect2');
  const state = stage.stateOf('connect2');
  const first = JSON.parse(readFileSync(stage.configOf('connect'), 'utf8')) as object;
  writeFileSync(config, JSON.stringify({ ...first, stateDirectory: state }));
  const enrol = ['connect', 'enrol', '--code-file', '-', '--config', config];
  const { fingerprint } = await runCliJson<{ fingerprint: string }>(enrol, {}, code);
  await changeAlice();
  await eventually('the first Connect says so', async () => {
    const { connectors } = await stage.connectStatus<ConnectStatus>();
    return /does not accept this Connect .*another Connect took/.test(connectors[0]?.lastError ?? '');
  });

  const connect = new Place({
    name: 'connect',
    args: ['connect', 'run', '--config', config],
    logFile: stage.logOf('connect2'),
    ready: () => callLocally(serviceIn(state, 'connect'), connectAdministrationRoutes.getStatus),
  });
  try {
    await connect.start();
    const domain = ['--config', stage.configOf('domain')];
    const trust = ['domain', 'trust-agent', fingerprint, '--forest', dnsDomain, ...domain];
    await runCliJson([...trust, '--replace', former, '--yes']);
    const keys = await runCliJson<{ fingerprint: string }>(['domain', 'fingerprint', ...domain]);
    await runCliJson(['connect', 'trust-domain', keys.fingerprint, '--config', config]);
    await eventually('alice in the managed domain', () => signsIn('first', alice, alice.password));
  } finally {
    await connect.stop();
  }
});
