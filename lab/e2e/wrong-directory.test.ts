import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent, ConnectStatus, DirectoryPin } from '@causeway/contract';
import { eventually as lookUntil } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { type CliResult, runCli, runCliJson } from '../places/run-cli.ts';

// A connector points at another forest's domain controller by mistake: it reads and deletes nothing, and gives the reason.

const { onprem: corp, fabrikam } = DOMAINS;
const [own, other] = [describeDomain(corp), describeDomain(fabrikam)];
const stage = await freshStage({ forests: [corp, fabrikam] });
const file = stage.configOf('connect');
const config = ['--config', file];
const run = randomBytes(2).toString('hex');
const alice = { sam: `wrong.${run}`, upn: `wrong.${run}@${own.dnsDomain}`, password: randomPassword() };
let trials: Trials;
let right: Configuration;

interface Configuration {
  connectors: Record<string, unknown>[];
}

const eventually = (what: string, look: () => Promise<boolean>) =>
  lookUntil(what, look, { patienceMs: 60_000 });
const connector = async () =>
  (await stage.connectStatus<ConnectStatus>()).connectors.find(({ name }) => name === own.dnsDomain)!;
const sayingWhat = (text: RegExp) => async () => text.test((await connector()).lastError ?? '');

/** The part of a connector's entry that belongs to a forest's domain controller. */
const ofFabrikam = () => {
  const { server, caFile, account, password } = right.connectors[1]!;
  return { server, caFile, account, password };
};
/** Changes the first connector's entry, and leaves out the second one if it would be the same. */
function configure(change: Record<string, unknown>, connectors = right.connectors): void {
  const [first, ...others] = connectors;
  writeFileSync(file, JSON.stringify({ ...right, connectors: [{ ...first, ...change }, ...others] }));
}

async function restart(change: Record<string, unknown>, connectors?: Record<string, unknown>[]) {
  await stage.connect.stop();
  configure(change, connectors);
  await stage.connect.start();
}

async function works(): Promise<void> {
  await eventually('web sign-in', () => trials.web(alice, alice.password));
  await eventually('Kerberos', async () => (await trials.kerberos(alice, alice.password)) !== undefined);
}

/** A code for a tenant of its own, so that the stage's Connect loses nothing. Enrolling there takes over the forests. */
async function enrolmentCode(...forests: string[]): Promise<string> {
  const tokenFile = stage.stateOf('other-token');
  if (!existsSync(tokenFile)) {
    await runCliJson([
      ...['tenant', 'create', 'other', '--admin', 'admin@other.example'],
      ...['--state', stage.stateOf('tenant'), '--token-out', tokenFile],
    ]);
  }
  const remote = ['--tenant', stage.tenantUrl, '--token-file', tokenFile];
  const { agents } = await runCliJson<{ agents: Agent[] }>(['tenant', 'agents', 'list', ...remote]);
  const there = agents.filter(agent => agent.forests.some(forest => forests.includes(forest)));
  const { code } = await runCliJson<{ code: string }>([
    ...['tenant', 'enrolment', 'create', '--kind', 'connect', '--name', 'another'],
    ...forests.flatMap(forest => ['--forest', forest]),
    ...there.flatMap(({ id }) => ['--replace', id, '--yes']),
    ...remote,
  ]);
  return code;
}

const enrol = (code: string, state: string, ...more: string[]): Promise<CliResult> =>
  runCli(
    ['connect', 'enrol', '--code-file', '-', '--state', stage.stateOf(state), ...config, ...more],
    {},
    code,
  );

before(async () => {
  trials = new Trials(await stage.openWeb());
  right = JSON.parse(readFileSync(file, 'utf8')) as Configuration;
  await stage.openDomain();
  await stage.pair();
  await createUser(corp, alice);
  await works();
});

after(async () => {
  await stage.close();
  await deleteUser(corp, alice.sam).catch(() => {});
});

test('an enrolment asks the domain controllers before it uses its code, and the tenant afterwards', async () => {
  const code = await enrolmentCode(own.dnsDomain, other.dnsDomain);
  configure(ofFabrikam());
  const wrong = await enrol(code, 'second');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /forest corp\.example\.com\n.*forest fabrikam\.example\.org\n.*'server'/);
  configure({ forest: 'crop.example.com' });
  assert.match(
    (await enrol(code, 'second')).stderr,
    /forest crop\.example\.com\n.*forest corp\.example\.com/,
  );
  configure({ ldapsPort: 1 });
  const silent = await enrol(code, 'second');
  assert.equal(silent.code, 1);
  assert.match(silent.stderr, /code is still unused:\n.*'127\.0\.0\.10' of connector.*--unchecked/s);
  const unchecked = await enrol(code, 'second', '--unchecked');
  assert.equal(unchecked.code, 0, unchecked.stderr);
  configure({});
  const half = await enrol(await enrolmentCode(own.dnsDomain), 'third');
  assert.equal(half.code, 1);
  assert.match(
    half.stderr,
    /not for 'fabrikam\.example\.org'.*\n.*\n {2}causeway tenant agents set-forests \S+ corp\.example\.com fabrikam/,
  );
});

test('a connector with the other forest’s entry reads and deletes nothing, and says what is wrong', async () => {
  const { users, exported } = await connector();
  assert.ok(exported > 10);
  await restart(ofFabrikam());
  await eventually('the error', sayingWhat(/serves another forest; nothing was read from it/));
  await delay(3_000); // several polls
  const said = await connector();
  assert.match(said.lastError!, /configured: +forest corp\.example\.com\n +answered: +domain fabrikam/);
  assert.deepEqual([said.users, said.exported], [users, exported]);
  await works();
  assert.match(stage.readLog('connect'), /serves another forest/);
  const doctor = await runCli(['doctor', ...config, ...stage.remote]);
  assert.equal(doctor.code, 1);
  assert.match(doctor.stdout, /serves another forest/);
  const once = await runCli(['connect', 'sync', '--once', '--initial', ...config]);
  assert.equal(once.code, 1);
  assert.match(
    once.stderr,
    /^causeway: the domain controller '127\.0\.0\.11' of connector 'corp\.example\.com' serves another forest/,
  );
  assert.equal((await connector()).exported, exported);
});

test('one forest’s account is not shown to the other one’s domain controller', async () => {
  const { server, caFile } = ofFabrikam();
  await restart({ server, caFile });
  await eventually('the error', sayingWhat(/serves another forest/));
});

test('notices that it is not the pinned domain when forest and entry agree with each other', async () => {
  const { exported } = await connector();
  await restart({ ...ofFabrikam(), forest: other.dnsDomain }, right.connectors.slice(0, 1));
  await eventually('the error', sayingWhat(/another domain than the connector has read so far/));
  assert.match(
    (await connector()).lastError!,
    /pinned: +DC=corp.*\n.*DC=fabrikam.*\n.*\n {2}causeway connect repin/,
  );
  assert.equal((await connector()).exported, exported);
  await works();
});

test('a Connect that lost its pins recognizes the directory by its objects', async () => {
  await stage.connect.stop();
  const confirmed = join(stage.stateOf('connect'), 'confirmed.json');
  const kept = JSON.parse(readFileSync(confirmed, 'utf8')) as object;
  writeFileSync(confirmed, JSON.stringify({ ...kept, directories: {} }));
  await stage.connect.start();
  await eventually('the error', sayingWhat(/another domain than the connector has read so far/));
  await works();
});

test('with the right entry everything resumes', async () => {
  await restart({});
  alice.password = randomPassword();
  await setPassword(corp, alice.sam, alice.password);
  await works();
  await eventually('the error is over', async () => (await connector()).lastError === null);
});

test('an emptied Connect still rejects the other directory, and needs no confirmation for its own', async () => {
  const { exported } = await connector();
  await stage.connect.stop();
  for (const name of ['connect.db', 'connect.db-wal', 'connect.db-shm'])
    rmSync(join(stage.stateOf('connect'), name), { force: true });
  configure({ ...ofFabrikam(), forest: other.dnsDomain }, right.connectors.slice(0, 1));
  await stage.connect.start();
  await eventually('the error', sayingWhat(/another domain than the connector has read so far/));
  await restart({});
  alice.password = randomPassword();
  await setPassword(corp, alice.sam, alice.password);
  await works();
  await eventually('everybody is read again', async () => (await connector()).exported === exported);
});

test('repin shows the deletions of a move, moves only on request, and then reads the other directory', async () => {
  const { exported } = await connector();
  await restart({ ...ofFabrikam(), forest: other.dnsDomain }, right.connectors.slice(0, 1));
  const repin = (...more: string[]) => runCli(['connect', 'repin', own.dnsDomain, ...config, ...more]);
  const shown = await repin();
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /DC=corp,DC=example,DC=com +DC=fabrikam,DC=example,DC=org/);
  assert.match(shown.stdout, new RegExp(`${exported} would be deleted, \\d+ made anew`));
  assert.match(shown.stdout, /nothing was changed/);
  await eventually('still refused', sayingWhat(/another domain/));
  await stage.connect.stop(); // while Connect is stopped, the command does it itself
  const moved = JSON.parse((await repin('--yes', '--json')).stdout) as DirectoryPin & { moved: boolean };
  assert.equal(moved.moved, true);
  assert.ok(moved.madeAnew > 10);
  await stage.connect.start();
  await eventually('a full import of it', async () => {
    return /full import of fabrikam\.example\.org/.test(stage.readLog('connect'));
  });
  await eventually('no error', async () => (await connector()).lastError === null);
  assert.match((await repin()).stdout, /there is nothing to do/);
});
