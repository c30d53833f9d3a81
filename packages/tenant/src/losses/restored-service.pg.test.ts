import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CallError, call, callLocally, httpSend, serviceIn } from '@causeway/api';
import { synchronizationRoutes, tenantLocalRoutes } from '@causeway/contract';
import { BUCKETS, linesDigest, packBuckets } from '@causeway/records';
import { applyObject } from '../testing/apply.ts';
import { FOREST } from '../testing/forest.ts';
import { person } from '../testing/people.ts';
import { runTenantCommand, spawnTenant } from '../testing/run-command.ts';
import { enrolAgent } from '../testing/test-agent.ts';

describe('a tenant service with files restored from an earlier day', () => {
  const state = mkdtempSync(join(tmpdir(), 'causeway-tenant-'));
  const [files, copy] = [join(state, 'pglite'), join(state, 'copy')];
  const tokenFile = join(state, 'token');
  let running: Awaited<ReturnType<typeof spawnTenant>>;
  let listen = '127.0.0.1:0';

  const start = async (environment: Record<string, string> = {}): Promise<void> => {
    running = await spawnTenant(['--state', state, '--listen', listen], { DATABASE_URL: '', ...environment });
    listen = new URL(running.url).host;
  };
  const stop = async (): Promise<void> => {
    const { child } = running;
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  const run = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runTenantCommand(words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const remote = () => ['--tenant', running.url, '--token-file', tokenFile];

  after(async () => {
    await stop();
    rmSync(state, { recursive: true, force: true });
  });

  it('finds the loss even if it is killed meanwhile, and reports it until an administrator has seen it', async () => {
    await start();
    const service = serviceIn(state, 'tenant');
    const administrator = 'admin@contoso.example.net';
    const body = { name: 'contoso', administrator };
    const { token } = await callLocally(service, tenantLocalRoutes.createTenant, { body });
    const connect = await enrolAgent(
      running.url,
      httpSend({ url: running.url }, async () => token),
      'connect',
    );
    const show = async (mark: string | null): Promise<string> => {
      const buckets = packBuckets(Array.from({ length: BUCKETS }, () => linesDigest([])));
      const asked = { forest: FOREST, buckets, mark };
      return (await call(connect.send, synchronizationRoutes.compareForest, { body: asked })).mark!;
    };
    await applyObject(connect, person(1));
    await stop();
    cpSync(files, copy, { recursive: true });
    await start();
    await applyObject(connect, person(2));
    const mark = await show(null);
    await stop();
    rmSync(files, { recursive: true });
    cpSync(copy, files, { recursive: true });

    await start({ CAUSEWAY_CRASH_AT: 'tenant.before-loss' });
    // Replaces what was lost before any agent shows a mark.
    await applyObject(connect, person(3));
    await applyObject(connect, person(4));
    await assert.rejects(show(mark), error => error instanceof CallError && error.transient);
    await start();
    const alive = () => run('status', ...remote());
    await run('token', 'contoso', '--admin', administrator, '--state', state, '--token-out', tokenFile);
    assert.doesNotMatch(await alive(), /LOST/);
    const next = await show(mark);
    await assert.rejects(alive());
    await run('token', 'contoso', '--admin', administrator, '--state', state, '--token-out', tokenFile);
    const [, id] = /^LOST: .*causeway tenant loss seen ([0-9a-f]{12})$/ms.exec(await alive())!;
    await stop();
    await start();
    await show(mark);
    await show(next);
    const { losses } = JSON.parse(await run('status', '--json', ...remote())) as { losses: { id: string }[] };
    assert.deepEqual(
      losses.map(loss => loss.id),
      [id],
      'once',
    );
    await run('loss', 'seen', id!, ...remote());
    assert.doesNotMatch(await alive(), /LOST/);
  });
});
