import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const LIBRARIES = ['fastify', '@fastify/formbody', 'openid-client', 'undici'];

test('no other package depends on an HTTP library', () => {
  const packages = fileURLToPath(new URL('../../', import.meta.url));
  const files = globSync('*/package.json', { cwd: packages });
  assert.ok(files.length > 10);
  for (const file of files) {
    const { dependencies } = JSON.parse(readFileSync(`${packages}${file}`, 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const found = LIBRARIES.filter(name => name in (dependencies ?? {}));
    assert.deepEqual(found, basename(dirname(file)) === 'api' ? LIBRARIES : [], file);
  }
});
