import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog, runServices, type Service } from './index.ts';

const log = createLog('test', { write: () => {} });
const GRACE_MS = 20;

/** Runs until it is stopped, and records that. */
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

test('aborting `until` ends all services, and the process continues', async () => {
  const until = new AbortController();
  const ended: string[] = [];
  const running = runServices([waiting(ended, 'one'), waiting(ended, 'two')], log, {
    graceMs: GRACE_MS,
    until: until.signal,
  });
  until.abort();
  assert.equal(await running, true);
  assert.deepEqual(ended, ['one', 'two']);
  await delay(3 * GRACE_MS); // the grace period would have ended the process by now
  assert.equal(await runServices([waiting(ended, 'three')], log, { until: until.signal }), true);
  assert.deepEqual(ended, ['one', 'two', 'three']);
});

test('returns when services end by themselves', async () => {
  const until = new AbortController();
  const over: Service = { name: 'over', run: async () => {} };
  assert.equal(await runServices([over], log, { until: until.signal }), false);
});
