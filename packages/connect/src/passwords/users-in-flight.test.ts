import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { UsersInFlight } from './users-in-flight.ts';

/** Work that ends when the test ends it. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve, fail: reject };
}

test('keeps each user in flight only once at a time, and delays no other', async () => {
  const inFlight = new UsersInFlight();
  const first = held();
  const said: string[] = [];
  const say = (text: string) => async () => void said.push(text);
  const running = inFlight.run(['a', 'b'], first.work);
  const again = inFlight.run(['b', 'c'], say('b again'));
  await inFlight.run(['d'], say('d'));
  assert.deepEqual(said, ['d']);
  first.end();
  await Promise.all([running, again]);
  assert.deepEqual(said, ['d', 'b again']);
});

test('does not let a later request for one user overtake an earlier one for several', async () => {
  const inFlight = new UsersInFlight();
  const first = held();
  const said: string[] = [];
  const running = inFlight.run(['a'], first.work);
  const several = inFlight.run(['a', 'b'], async () => void said.push('several'));
  const one = inFlight.run(['b'], async () => void said.push('one'));
  await delay(5);
  assert.deepEqual(said, []);
  first.end();
  await Promise.all([running, several, one]);
  assert.deepEqual(said, ['several', 'one']);
});

test('reports a failure to its own caller only, and settles after everything asked for', async () => {
  const inFlight = new UsersInFlight();
  const [first, second] = [held(), held()];
  const failing = inFlight.run(['a'], first.work);
  const next = inFlight.run(['a'], second.work);
  let settled = false;
  const settling = inFlight.settled().then(() => (settled = true));
  first.fail(new Error('no answer'));
  await assert.rejects(failing, /no answer/);
  await delay(5);
  assert.equal(settled, false);
  second.end();
  await Promise.all([next, settling]);
  await inFlight.settled();
});
