import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

test('installing PowerShell without NuGet fails with a reason and leaves no broken installation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-pwsh-test-'));
  try {
    const nobody = 'http://127.0.0.1:9';
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `await (await import('${import.meta.dirname}/pwsh.ts')).installPwsh('${folder}/pwsh')`,
      ],
      {
        env: {
          ...process.env,
          CAUSEWAY_LAB_DIR: join(folder, 'lab'),
          NUGET_HTTP_CACHE_PATH: join(folder, 'cache'),
          http_proxy: nobody,
          https_proxy: nobody,
        },
        encoding: 'utf8',
      },
    );
    assert.equal(status, 1);
    assert.match(
      stderr,
      /cannot install PowerShell 7\.6\.9 from NuGet \(is the network reachable\?\): dotnet tool ended with 1/,
    );
    assert.ok(!readdirSync(folder).includes('pwsh'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
