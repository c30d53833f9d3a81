import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { ENVIRONMENT } from './environment.ts';

test('finds an environment variable that is read outside of configurations and commands', () => {
  const text = "const level = environment('CAUSEWAY_LOG_LEVEL');";
  const files = {
    'packages/connect/src/configuration.ts': text,
    'packages/connect/src/commands/at-hand.ts': text,
    'packages/connect/src/sync/connector.ts': text,
    'packages/connect/src/sync/connector.test.ts': text,
    'lab/run/run-tests.ts': text,
  };
  assert.deepEqual(planted(ENVIRONMENT, files), [
    'packages/connect/src/sync/connector.ts:1: an environment variable is read outside of configurations and commands: hand the value in',
  ]);
});

test('finds an environment variable that is not read through the table', () => {
  const text = 'const level = process.env.CAUSEWAY_LOG_LEVEL;';
  const [breach, ...others] = planted(ENVIRONMENT, { 'packages/connect/src/configuration.ts': text });
  assert.match(breach!, /^packages\/connect\/src\/configuration\.ts:1: process\.env is read past the table/);
  assert.deepEqual(others, []);
});

test('lets a program pass all of them on', () => {
  const text = "spawn('smbd', { env: { ...process.env, LC_ALL: 'C.UTF-8' } });";
  assert.deepEqual(planted(ENVIRONMENT, { 'packages/samba/src/a.ts': text }), []);
});
