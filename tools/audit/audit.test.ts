import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

/** Runs the audit with npm's own client against a registry that answers as given. */
async function audit(answer: RequestListener): Promise<{ code: number; said: string }> {
  const registry = createServer(answer).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  registry.close();
  return { code, said };
}

const advisories =
  (found: object): RequestListener =>
  (request, response) =>
    void (request.url?.endsWith('/advisories/bulk')
      ? response.end(JSON.stringify(found))
      : response.writeHead(404).end('{}'));

test('passes if the registry knows of no vulnerability', async () => {
  assert.deepEqual(await audit(advisories({})), { code: 0, said: 'no known vulnerabilities\n' });
});

test('fails and names a vulnerable dependency', async () => {
  const url = 'https://example.com/advisory';
  const advisory = { id: 1, url, title: 'planted', severity: 'high', vulnerable_versions: '<99' };
  const { code, said } = await audit(advisories({ zod: [advisory] }));
  assert.equal(code, 1, said);
  assert.match(said, /^high: zod: planted \(https:\/\/example\.com\/advisory\)$/m);
});

test('warns if the registry does not answer', async () => {
  const { code, said } = await audit((_, response) => void response.writeHead(405).end());
  assert.equal(code, 0, said);
  assert.match(
    said,
    /^WARNING: the registry did not say which packages are vulnerable \(405 .*Nothing was checked/,
  );
});
