import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Row } from './measure/row.ts';

const PEOPLE = 120;

test('the whole benchmark runs from its first stage to its last', async () => {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const bench = spawn(process.execPath, [main, '--people', String(PEOPLE), '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise(resolve => bench.once('close', resolve));
  const [out, steps, code] = await Promise.all([text(bench.stdout), text(bench.stderr), ended]);
  assert.equal(code, 0, steps);
  const rows = out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Row);
  const names = rows.map(({ name }) => name).filter(name => !/, p\d\d$/.test(name));
  assert.deepEqual(names, [
    'pull',
    'pull, nothing changed',
    'full password sync',
    'initial load of the managed domain',
    ...['connect', 'tenant', 'domain'].map(service => `peak memory, ${service}`),
    `peak memory, connect, ${PEOPLE} people`,
    'initial load of the managed domain, with on-premises SIDs',
    'code flows for a second of the tenant’s CPU',
    'full password sync, two forests',
    'initial load of the managed domain, two forests',
    'peak memory, connect, two forests',
    `peak memory, connect, two forests, after passes of ${2 * PEOPLE} people`,
    `people imported into an empty tenant, of ${2 * PEOPLE}`,
    `full password sync, ${2 * PEOPLE} people`,
    `people, groups and memberships into an empty tenant, of ${2 * PEOPLE}, ${PEOPLE / 10} and ${20 * PEOPLE}`,
    ...['connect', 'tenant', 'domain'].map(service => `peak memory, ${service}, with groups`),
  ]);
  assert.ok(
    rows.every(({ holds }) => holds === null),
    'so few people are no measure',
  );
});
