import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { callLocally, serviceIn } from '@causeway/api';
import {
  type Agent,
  type ConnectStatus,
  type Difference,
  type DomainStatus,
  connectAdministrationRoutes as routes,
} from '@causeway/contract';
import { localSocketPath } from '@causeway/service';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, setPassword } from '../domains/users.ts';
import { allArrives } from '../places/all-arrives.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { listening, Place } from '../places/place.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// A second Connect beside the writing one, on a real domain controller, with a real tenant and a real managed domain: it stages and is
// promoted, and then the first one is promoted again.

const stage = await freshStage({ headIntervalMs: 500 });
const { onprem } = DOMAINS;
const { dnsDomain: forest } = describeDomain(onprem);
const run = randomBytes(2).toString('hex');
const PATIENCE = { patienceMs: 90_000 };
const CONFIG = { first: stage.configOf('connect'), second: stage.configOf('second') } as const;
type Which = keyof typeof CONFIG;
const second = new Place({
  name: 'second',
  args: ['connect', 'run', '--config', CONFIG.second],
  logFile: stage.logOf('second'),
  ready: () => listening(localSocketPath(stage.stateOf('second'))),
});
const alice = { sam: `alice.${run}`, upn: `alice.${run}@${forest}`, password: randomPassword() };
let trials: Trials;

const stateOf = (which: Which): string => stage.stateOf(which === 'first' ? 'connect' : 'second');
const status = (which: Which): Promise<ConnectStatus> =>
  callLocally(serviceIn(stateOf(which), 'connect'), routes.getStatus);
/** While it changes roles it does not answer. */
const stages = (which: Which): Promise<boolean> =>
  status(which).then(
    ({ staging }) => staging !== undefined,
    () => false,
  );
const cli = (which: Which, ...args: string[]) => runCli(['connect', ...args, '--config', CONFIG[which]]);
const fingerprint = async (which: Which): Promise<string> => (await cli(which, 'fingerprint')).stdout.trim();

/** What a Connect would send, or sends, without what the tenant cannot have as the directory does. */
async function differences(which: Which): Promise<string[]> {
  const { code, stdout, stderr } = await cli(which, 'compare', '--json');
  assert.ok([0, 3].includes(code), stderr);
  const { forests } = JSON.parse(stdout) as { forests: { differences: Difference[] }[] };
  const all = forests.flatMap(one => one.differences);
  assert.equal(code, all.length > 0 ? 3 : 0);
  const ours = all.filter(({ name }) => name.includes(`.${run}`));
  return ours.map(({ kind, name, what, waits }) => `${kind} ${name} ${what} ${waits}`).sort();
}

async function idOf(name: string): Promise<string> {
  const { agents } = await runCliJson<{ agents: Agent[] }>(['tenant', 'agents', 'list', ...stage.remote]);
  return agents.find(agent => agent.name === name)!.id;
}

/** Runs the commands that the output names, one after the other, as an administrator would. */
async function promote(which: Which): Promise<void> {
  const names = { first: 'connect', second: 'second' };
  const [id, other] = await Promise.all([
    idOf(names[which]),
    idOf(names[which === 'first' ? 'second' : 'first']),
  ]);
  const asked = ['tenant', 'agents', 'promote', id, ...stage.remote];
  const unnamed = await runCli(asked);
  assert.match(unnamed.stderr, new RegExp(`--demote ${other}`));
  const { code } = await runCliJson<{ code: string }>([...asked, '--demote', other, '--yes']);
  const unasked = await runCli(
    ['connect', 'promote', '--code-file', '-', '--config', CONFIG[which]],
    {},
    code,
  );
  assert.match(unasked.stderr, /this Connect stages, and sends nothing[\s\S]*nothing was changed/);
  await runCliJson(['connect', 'promote', '--code-file', '-', '--yes', '--config', CONFIG[which]], {}, code);
}

const trust = (of: string, ...replaced: string[]) =>
  runCli([
    ...['domain', 'trust-agent', of, '--forest', forest, '--config', stage.configOf('domain')],
    ...(replaced.length > 0 ? ['--replace', ...replaced, '--yes'] : []),
  ]);

/** Waits for sign-ins in both places. */
async function signsIn(password: string): Promise<void> {
  await eventually('web sign-in', () => trials.web(alice, password), PATIENCE);
  await eventually('kinit', async () => (await trials.kerberos(alice, password)) !== undefined, PATIENCE);
}

before(async () => {
  trials = new Trials(await stage.openAll());
  await createUser(onprem, alice);
  await stage.forcePasswordSync();
  await signsIn(alice.password);
  await allArrives(stage);
});

after(async () => {
  await second.stop();
  await stage.close();
  await deleteUser(onprem, alice.sam).catch(() => {});
});

test('a second Connect enrols to stage, reads the directory, and says everywhere that it sends nothing', async () => {
  const configuration = JSON.parse(readFileSync(CONFIG.first, 'utf8')) as object;
  writeFileSync(CONFIG.second, JSON.stringify({ ...configuration, stateDirectory: stage.stateOf('second') }));
  const { code } = await runCliJson<{ code: string }>([
    ...['tenant', 'enrolment', 'create', '--kind', 'connect', '--name', 'second', '--forest', forest],
    ...['--staging', ...stage.remote],
  ]);
  const enrol = ['connect', 'enrol', '--code-file', '-', '--config', CONFIG.second];
  assert.match((await runCli(enrol, {}, code)).stderr, /connect enrol --staging/);
  await runCliJson([...enrol, '--staging'], {}, code);
  await second.start();
  await eventually(
    'it has read the directory',
    async () => (await status('second')).connectors[0]!.lastObjectCycleAt !== null,
    PATIENCE,
  );
  assert.deepEqual(await differences('second'), []);
  assert.match((await cli('second', 'status')).stdout, /STAGES since/);
  assert.match((await cli('second', 'compare')).stdout, /this Connect stages, and sends nothing/);
  const domain = (await runCli(['domain', 'fingerprint', '--config', stage.configOf('domain')])).stdout;
  assert.equal((await cli('second', 'trust-domain', domain.trim())).code, 0);
});

test('the staging one shows what it would send, and sends nothing even while the other one is stopped', async () => {
  await stage.connect.stop();
  const password = randomPassword();
  await setPassword(onprem, alice.sam, password);
  await createUser(onprem, { sam: `new.${run}` });
  await eventually(
    'it would send the new one',
    async () => (await differences('second')).includes(`user new.${run}@${forest} only-here staging`),
    PATIENCE,
  );
  assert.equal(await trials.web(alice, password), false);
  assert.equal(await trials.web(alice, alice.password), true);
  await stage.connect.start();
  await signsIn(password);
  alice.password = password;
  await eventually('nothing differs', async () => (await differences('second')).length === 0, PATIENCE);
  await allArrives(stage);
});

test('the promoted one brings the next password to web sign-in, and to the managed domain once its key is confirmed there', async () => {
  await promote('second');
  await eventually('the first one stages', () => stages('first'), PATIENCE);
  assert.equal(await stages('second'), false);
  const before = alice.password;
  alice.password = randomPassword();
  await setPassword(onprem, alice.sam, alice.password);
  await eventually('web sign-in', () => trials.web(alice, alice.password), PATIENCE);
  await eventually(
    'the managed domain refuses what a key signed that nobody confirmed',
    async () => ((await stage.domainStatus<DomainStatus>()).problems.counts['unknown-signer'] ?? 0) > 0,
    PATIENCE,
  );
  assert.notEqual(await trials.kerberos(alice, before), undefined);
  assert.equal(await trials.kerberos(alice, alice.password), undefined);
  const [one, two] = [await fingerprint('first'), await fingerprint('second')];
  assert.match((await trust(two)).stderr, new RegExp(`--replace ${one}`));
  assert.match((await trust(two, two)).stderr, /is not trusted for/);
  const trusted = await trust(two, one);
  assert.equal(trusted.code, 0, trusted.stderr);
  await signsIn(alice.password);
  await eventually(
    'everything came from the second one',
    async () => (await status('second')).connectors[0]!.arrival.state === 'complete',
    PATIENCE,
  );
  const { problems } = await stage.domainStatus<DomainStatus>();
  assert.equal(problems.counts['unknown-signer'] ?? 0, 0);
});

test('the demoted one sends nothing, also after a restart, and can be promoted again', async () => {
  await second.stop();
  await stage.connect.stop();
  await stage.connect.start();
  assert.ok(await stages('first'));
  const before = alice.password;
  alice.password = randomPassword();
  await setPassword(onprem, alice.sam, alice.password);
  await deleteUser(onprem, `new.${run}`);
  await eventually(
    'it would delete one',
    async () => (await differences('first')).includes(`user new.${run}@${forest} only-there staging`),
    PATIENCE,
  );
  assert.equal(await trials.web(alice, before), true);
  await promote('first');
  const trusted = await trust(await fingerprint('first'), await fingerprint('second'));
  assert.equal(trusted.code, 0, trusted.stderr);
  await signsIn(alice.password);
  await allArrives(stage);
  assert.deepEqual(await differences('first'), []);
  await second.start();
  await eventually('the second one stages', () => stages('second'), PATIENCE);
});
