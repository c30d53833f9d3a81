import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const nothing = mkdtempSync(join(tmpdir(), 'causeway-no-dotnet-'));
after(() => rmSync(nothing, { recursive: true, force: true }));

/** Runs `causeway test` for files that need a .NET SDK, on a machine without one. */
function withoutSdk(environment: NodeJS.ProcessEnv) {
  const command = [join(import.meta.dirname, '../main.ts'), 'test', '--only', 'lab/powershell/'];
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  const { status, stdout } = spawnSync(process.execPath, command, {
    env: { ...rest, CI: '', ...environment, PATH: nothing },
    encoding: 'utf8',
  });
  return { status, lines: stdout.trim().split('\n') };
}

test('without a .NET SDK the last lines say what was left out and why, above the counts', () => {
  const { status, lines } = withoutSdk({});
  assert.equal(status, 0);
  const remark = lines.findIndex(line => line.startsWith('left out: '));
  assert.match(lines[remark]!, /scripts\.dotnet\.test\.ts.*: the \.NET SDK 10 is not on the PATH \(https:/);
  assert.match(lines[remark + 1]!, /^ℹ tests 0$/);
  assert.match(lines.at(-1)!, /^ℹ duration_ms /);
});

test('without a .NET SDK continuous integration fails', () => {
  const { status, lines } = withoutSdk({ CI: 'true' });
  assert.equal(status, 1);
  assert.ok(lines.some(line => line.endsWith('with CI=true that is a failure')));
});
