import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { ENVIRONMENT } from './environment.ts';

test('an environment variable is found outside of configurations and commands', () => {
  const text = 'const level = process.env.CAUSEWAY_LOG_LEVEL;';
  const files = {
    'packages/connect/src/configuration.ts': text,
    'packages/connect/src/commands/at-hand.ts': text,
    'packages/connect/src/sync/connector.ts': text,
    'packages/connect/src/sync/connector.test.ts': text,
    'lab/run/run-tests.ts': text,
  };
  assert.deepEqual(planted(ENVIRONMENT, files), [
    'packages/connect/src/sync/connector.ts:1: process.env is read outside of configurations and commands: hand the value in',
  ]);
});

test('all of them may be passed on to a program', () => {
  const text = "spawn('smbd', { env: { ...process.env, LC_ALL: 'C.UTF-8' } });";
  assert.deepEqual(planted(ENVIRONMENT, { 'packages/samba/src/a.ts': text }), []);
});
