import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { it } from 'node:test';
import { createLog, loadConfiguration } from '@causeway/service';
import { databaseLocation, TenantConfiguration } from './configuration.ts';
import { startTenant } from './start-tenant.ts';

const log = createLog('tenant', new Writable({ write: (_chunk, _encoding, done) => done() }));

it('names an unknown key and suggests the known one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-'));
  const file = join(folder, 'tenant.yaml');
  writeFileSync(file, 'stateDirectroy: /x\nlisten:\n  prot: 1\n');
  assert.throws(() => loadConfiguration(TenantConfiguration, file), {
    code: 'bad-configuration',
    message: /did you mean 'port'.*did you mean 'stateDirectory'/,
  });
  rmSync(folder, { recursive: true });
});

it('defaults to loopback, and accepts a database by its address alone', () => {
  const defaults = TenantConfiguration.parse({});
  assert.deepEqual(defaults.listen, { host: '127.0.0.1', port: 8443 });
  const wrong = TenantConfiguration.parse({ databaseUrl: 'mysql://x' });
  assert.throws(() => databaseLocation(wrong), { code: 'bad-configuration' });
  for (const listen of [{ port: 70_000 }, { host: '' }, { port: 1.5 }]) {
    assert.equal(TenantConfiguration.safeParse({ listen }).success, false);
  }
  assert.equal(TenantConfiguration.safeParse({ minimumAgentVersion: 'newest' }).success, false);
});

it('reports that the database cannot be reached, without its password', async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'causeway-'));
  const configuration = TenantConfiguration.parse({
    stateDirectory,
    databaseUrl: 'postgres://me:hunter2@127.0.0.1:1/none',
  });
  await assert.rejects(startTenant(configuration, log), error => {
    const { code, message } = error as { code: string; message: string };
    return code === 'database-unavailable' && !message.includes('hunter2');
  });
  rmSync(stateDirectory, { recursive: true });
});
