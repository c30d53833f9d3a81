import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DomainConfiguration } from '../configuration.ts';
import { createDomain } from './create.ts';

test('rejects an Administrator password of fewer than 20 characters before it creates anything', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-create-'));
  try {
    const administratorPasswordFile = join(folder, 'password');
    writeFileSync(administratorPasswordFile, 'Made.up-Passw0rd.19\n', { mode: 0o600 });
    const configuration = DomainConfiguration.parse({
      ...{ stateDirectory: join(folder, 'state'), directory: join(folder, 'samba') },
      ...{ realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', hostName: 'ds1', address: '127.0.0.99' },
      tenant: { url: 'http://127.0.0.1:9' },
    });
    const options = { administratorPasswordFile, confirm: async () => {}, progress: () => {} };
    await assert.rejects(createDomain(configuration, options), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'weak-password');
      assert.match(error.message, /has 19 characters, at least 20 expected/);
      assert.ok(!error.message.includes('Made.up'));
      return true;
    });
    assert.deepEqual(
      readdirSync(folder).filter(name => name === 'samba'),
      [],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
