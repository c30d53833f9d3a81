import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { inTurn } from './in-turn.ts';

/** A batch whose derivations end when the test ends them. */
function batch(size: number) {
  const begun: PromiseWithResolvers<number>[] = [];
  const results = inTurn([...Array(size).keys()], () => {
    const derivation = Promise.withResolvers<number>();
    begun.push(derivation);
    return derivation.promise;
  });
  results.catch(() => {});
  const end = (count: number) => begun.splice(0, count).forEach((each, i) => void each.resolve(i));
  return { begun, end, results };
}

test('starts a batch when the last derivation of the previous one has started, without waiting for its end', async () => {
  const first = batch(130);
  const second = batch(20);
  await settled();
  assert.deepEqual([first.begun.length, second.begun.length], [128, 0]);
  first.end(1);
  await settled();
  assert.deepEqual([first.begun.length, second.begun.length], [128, 0], 'one has not begun');
  first.end(1);
  await settled();
  assert.deepEqual([first.begun.length, second.begun.length], [128, 20]);
  first.end(128);
  second.end(20);
  assert.equal((await first.results).length, 130);
  assert.deepEqual(await second.results, [...Array(20).keys()]);
});

test('starts a small batch without waiting for others', async () => {
  const pass = batch(200);
  await settled();
  const few = batch(16);
  await settled();
  assert.equal(few.begun.length, 16);
  few.end(16);
  await few.results;
  for (let left = 200; left > 0; left -= 100, await settled()) pass.end(100);
  await settled();
  pass.end(200);
  await pass.results;
});

test('starts the next batch although one failed', async () => {
  const failing = batch(200);
  const next = batch(20);
  await settled();
  failing.begun.splice(0, 1)[0]!.reject(new Error('no derivation'));
  failing.end(127);
  await assert.rejects(failing.results, /no derivation/);
  await settled();
  assert.equal(next.begun.length, 20);
  next.end(20);
  await next.results;
});
