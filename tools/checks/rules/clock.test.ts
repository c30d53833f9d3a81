import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { CLOCK } from './clock.ts';

const at = 'packages/connect/src/sync/heartbeat.ts';

test("finds the machine's clock where something decides or waits, however it is read", () => {
  for (const text of [
    'const now = Date.now();',
    'const now = new Date().toISOString();',
    'const began = performance.now();',
    'const now = realClock.now();',
    'await sleep(1000);',
    "import { setTimeout as delay } from 'node:timers/promises';",
    'const timer = setInterval(beat, 1000);',
    'const signal = AbortSignal.timeout(1000);',
  ]) {
    const [breach, ...others] = planted(CLOCK, { [at]: text });
    assert.ok(breach?.startsWith(`${at}:1: `), text);
    assert.deepEqual(others, []);
  }
});

test('allows reading, waiting by and defaulting a clock that was passed in', () => {
  const text = `export async function beat(clock: Clock = realClock) {
    await clock.sleep(1000); // not sleep(1000)
    return [clock.now(), clock.monotonic(), new Date(clock.now())];
  }`;
  assert.deepEqual(planted(CLOCK, { [at]: text }), []);
});

test("allows the machine's clock in commands, tests and the clock itself", () => {
  const text = 'const now = Date.now();';
  for (const path of [
    'packages/service/src/clock.ts',
    'packages/connect/src/commands/status-command.ts',
    'packages/connect/src/testing/peer.ts',
    'packages/connect/src/sync/heartbeat.test.ts',
    'lab/bench/measure.ts',
  ])
    assert.deepEqual(planted(CLOCK, { [path]: text }), []);
});
