import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog, runServices, type Service } from './index.ts';

const log = createLog('test', { write: () => {} });
const GRACE_MS = 20;

/** Runs until it is told, and says so. */
function waiting(ended: string[], name = 'waiting'): Service {
  return {
    name,
    run: signal =>
      new Promise(resolve => {
        const end = (): void => {
          ended.push(name);
          resolve();
        };
        if (signal.aborted) end();
        else signal.addEventListener('abort', end, { once: true });
      }),
  };
}

test('what ends services so that the process goes on ends all of them, and the process with nobody', async () => {
  const until = new AbortController();
  const ended: string[] = [];
  const running = runServices([waiting(ended, 'one'), waiting(ended, 'two')], log, {
    graceMs: GRACE_MS,
    until: until.signal,
  });
  until.abort();
  assert.equal(await running, true);
  assert.deepEqual(ended, ['one', 'two']);
  await delay(3 * GRACE_MS); // it would be over by now
  assert.equal(await runServices([waiting(ended, 'three')], log, { until: until.signal }), true);
  assert.deepEqual(ended, ['one', 'two', 'three']);
});

test('services that end by themselves are over', async () => {
  const until = new AbortController();
  const over: Service = { name: 'over', run: async () => {} };
  assert.equal(await runServices([over], log, { until: until.signal }), false);
});
