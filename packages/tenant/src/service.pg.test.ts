import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { CallError, call, httpSend } from '@causeway/api';
import { administrationRoutes, enrolmentRoutes, synchronizationRoutes } from '@causeway/contract';
import { createLog } from '@causeway/service';
import { TenantConfiguration } from './configuration.ts';
import { startTenant } from './start-tenant.ts';
import { FOREST } from './testing/forest.ts';
import { accountItem, batchOf, credentialItem, order, person } from './testing/people.ts';
import { runTenantCommand, spawnTenant } from './testing/run-command.ts';
import { enrolAgent, type TestAgent } from './testing/test-agent.ts';
import { makeDatabase, postgresUrl } from './testing/test-tenant.ts';

const log = createLog('tenant', new Writable({ write: (_chunk, _encoding, done) => done() }));

describe('the tenant service as a process', () => {
  const state = mkdtempSync(join(tmpdir(), 'causeway-tenant-'));
  let database: Awaited<ReturnType<typeof makeDatabase>> | undefined;
  let running: Awaited<ReturnType<typeof spawnTenant>>;
  let remote: string[];

  /** Uses PGlite, whose files the kills must not damage, unless there is a server whose connections can be killed. */
  const start = (environment: Record<string, string> = {}, listen = '127.0.0.1:0') =>
    spawnTenant(['--state', state, '--listen', listen], {
      DATABASE_URL: database?.url ?? '',
      ...environment,
    });

  before(async () => {
    database = postgresUrl === undefined ? undefined : await makeDatabase(postgresUrl);
    running = await start();
  });
  after(async () => {
    running.child.kill();
    if (running.child.exitCode === null) await once(running.child, 'exit');
    await database?.drop();
    rmSync(state, { recursive: true, force: true });
  });

  it('makes a tenant, keeps its token in a private file, and shows the password once', async () => {
    const made = await runTenantCommand([
      'create',
      'contoso',
      '--admin',
      'admin@contoso.net',
      '--state',
      state,
      '--json',
    ]);
    assert.equal(made.code, 0, made.stderr);
    const shown = JSON.parse(made.stdout) as { tokenFile: string; issuer: string; token?: string };
    assert.equal(shown.issuer, `${running.url}/t/contoso/oidc`);
    assert.equal(shown.token, undefined);
    assert.equal(statSync(shown.tokenFile).mode & 0o777, 0o600);
    remote = ['--tenant', running.url, '--token-file', shown.tokenFile];
    const again = await runTenantCommand(['create', 'contoso', '--admin', 'x@contoso.net', '--state', state]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /there is a tenant 'contoso' already/);
    const bad = await runTenantCommand(['create', 'Con toso', '--admin', 'x@contoso.net', '--state', state]);
    assert.match(bad.stderr, /lower-case letters, digits and hyphens/);
  });

  it('accepts the administrator’s commands from anywhere', async () => {
    const code = await runTenantCommand([
      'enrolment',
      'create',
      '--kind',
      'connect',
      '--name',
      'c',
      '--forest',
      'Corp.example.com',
      ...remote,
      '--json',
    ]);
    assert.match((JSON.parse(code.stdout) as { code: string }).code, /^[a-z2-9]{26}$/);
    const anyForest = await runTenantCommand([
      ...['enrolment', 'create', '--kind', 'connect', '--name', 'c', ...remote],
    ]);
    assert.equal(anyForest.code, 1);
    assert.match(anyForest.stderr, /Name each forest by its DNS name:\n.*--forest corp\.example\.com/);
    const status = await runTenantCommand(['status', ...remote]);
    assert.match(status.stdout, /^users +1, 0 of them disabled$/m);
    const user = await runTenantCommand(['status', 'ADMIN@contoso.net', ...remote, '--json']);
    assert.equal((JSON.parse(user.stdout) as { administrator: boolean }).administrator, true);
    const nobody = await runTenantCommand(['status', 'nobody@x', ...remote, '--json']);
    assert.equal(nobody.code, 1);
    assert.equal((JSON.parse(nobody.stderr) as { error: { code: string } }).error.code, 'no-such-user');
    const uri = 'https://portal.example.net/cb';
    const app = await runTenantCommand(['app', 'register', '--name', 'p', '--redirect-uri', uri, ...remote]);
    assert.match(app.stdout, /client id/);
    const agents = await runTenantCommand(['agents', ...remote]);
    assert.match(agents.stdout, /FORESTS .* SIGNING KEY/);
    const nobodys = '00000000-0000-4000-8000-000000000000';
    const set = await runTenantCommand(['agents', 'set-forests', nobodys, 'corp.example.com', ...remote]);
    assert.match(set.stderr, /there is no agent 00000000/);
  });

  it('shows whose place a new agent would take, and takes it only from the named agents', async () => {
    const token = readFileSync(remote.at(-1)!, 'utf8').trim();
    const forest = 'east.example.com';
    const admin = httpSend({ url: running.url }, async () => token);
    const { id } = await enrolAgent(running.url, admin, 'connect', 'east1', [forest]);
    const other = await enrolAgent(running.url, admin, 'connect', 'west1', ['west.example.com']);
    const create = ['enrolment', 'create', '--kind', 'connect', '--name', 'east2', '--forest', forest];
    for (const command of [create, ['agents', 'set-forests', other.id, 'west.example.com', forest]]) {
      const run = (...more: string[]) => runTenantCommand([...command, ...remote, ...more]);
      const refusals: [string[], RegExp][] = [
        [[], new RegExp(`'east1' \\(${id}, enrolled .*speaks for ${forest}.*--replace ${id}`, 's')],
        [['--yes'], new RegExp(`--replace ${id}`)],
        [['--replace', other.id, '--yes'], /there is no agent .* whose place/],
        [['--replace', id], /'east1' \(.*removed and its tokens end.*trust-agent.*--yes/s],
      ];
      for (const [flags, why] of refusals) {
        const refused = await run(...flags);
        assert.equal(refused.code, 1, refused.stdout);
        assert.match(refused.stderr, why);
      }
      const done = await run('--replace', id, '--yes', '--json');
      assert.equal(done.code, 0, done.stderr);
    }
    const { agents } = await call(admin, enrolmentRoutes.listAgents);
    assert.deepEqual(agents.find(agent => agent.id === other.id)?.forests, ['west.example.com', forest]);
    assert.ok(!agents.some(agent => agent.id === id));
  });

  it('refuses a second instance, and names the first one’s process id', async () => {
    const configuration = TenantConfiguration.parse({ stateDirectory: state });
    await assert.rejects(startTenant(configuration, log), {
      code: 'already-running',
      message: new RegExp(`process ${running.child.pid}`),
    });
  });

  it('refuses to listen in the clear off loopback', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-'));
    const configuration = TenantConfiguration.parse({ stateDirectory: folder, listen: { host: '0.0.0.0' } });
    const location = database && ({ kind: 'postgres', url: database.url } as const);
    const options = { database: location ?? ({ kind: 'pglite' } as const) };
    await assert.rejects(startTenant(configuration, log, options), { code: 'tls-needed' });
    rmSync(folder, { recursive: true });
  });

  it('loses nothing that it acknowledged when it is killed around a commit', async () => {
    const token = readFileSync(remote.at(-1)!, 'utf8').trim();
    const port = new URL(running.url).port;
    const admin = httpSend({ url: running.url }, async () => token);
    const connect = await enrolAgent(running.url, admin, 'connect');
    const restart = async (environment: Record<string, string>): Promise<void> => {
      running.child.kill('SIGKILL');
      if (running.child.signalCode === null) await once(running.child, 'exit');
      running = await start(environment, `127.0.0.1:${port}`);
    };
    let number = 0;
    for (const point of ['tenant.before-commit', 'tenant.after-commit']) {
      const [safe, hit] = [person(++number), person(++number)];
      await restart({ CAUSEWAY_CRASH_AT: `${point}:3` });
      await put(connect, safe);
      const crashed = call(connect.send, synchronizationRoutes.exportObjects, {
        body: { forest: FOREST, changes: [accountItem(connect, hit)] },
      });
      await assert.rejects(crashed, error => error instanceof CallError && error.transient);
      await restart({});
      const status = await call(admin, administrationRoutes.getUser, { params: { id: safe.upn } });
      assert.ok(status.credential !== null, `${point}: what was acknowledged is there`);
      const there = await call(admin, administrationRoutes.getUser, { params: { id: hit.upn } }).then(
        () => true,
        () => false,
      );
      assert.equal(there, point === 'tenant.after-commit');
      await put(connect, hit);
    }
  });

  async function put(connect: TestAgent, who: ReturnType<typeof person>): Promise<void> {
    const objects = { forest: FOREST, changes: [accountItem(connect, who)] };
    await call(connect.send, synchronizationRoutes.exportObjects, { body: objects });
    const credentials = batchOf([await credentialItem(who, 'x', order(1))]);
    const answer = await call(connect.send, synchronizationRoutes.exportCredentials, { body: credentials });
    assert.equal(answer.verdicts[0]!.verdict, 'applied');
  }
});
