import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Counter, decideAttempt, MAX_FAILURES } from './lockout.ts';

const START = new Date('2026-11-23T10:00:00Z');
const at = (seconds: number): Date => new Date(START.getTime() + seconds * 1000);

function fail(times: number, from: Counter | undefined, seconds: number): Counter | undefined {
  let counter = from;
  for (let i = 0; i < times; i++) {
    counter = decideAttempt(counter, { right: false, mark: `${seconds}-${i}` }, at(seconds)).counter;
  }
  return counter;
}

it('locks for 60 s at the tenth different failure, and twice as long each time after', () => {
  let counter = fail(MAX_FAILURES - 1, undefined, 0);
  assert.equal(counter!.lockedUntil, null);
  counter = fail(1, counter, 1);
  assert.deepEqual(counter!.lockedUntil, at(61));
  counter = fail(MAX_FAILURES, counter, 62);
  assert.deepEqual(counter!.lockedUntil, at(62 + 120));
  counter = fail(MAX_FAILURES, counter, 200);
  assert.deepEqual(counter!.lockedUntil, at(200 + 240));
});

it('rejects the right password while locked without counting, and forgets all failures after a right one', () => {
  const locked = fail(MAX_FAILURES, undefined, 0);
  assert.equal(decideAttempt(locked, { right: true, mark: '' }, at(59)).outcome, 'locked');
  assert.equal(decideAttempt(locked, { right: false, mark: 'x' }, at(59)).counter, locked);
  const after = decideAttempt(locked, { right: true, mark: '' }, at(60));
  assert.deepEqual(after, { outcome: 'accepted', counter: undefined });
});

it('counts a repeated wrong password once, and forgets after a quiet day', () => {
  let counter: Counter | undefined;
  for (let i = 0; i < 100; i++)
    counter = decideAttempt(counter, { right: false, mark: 'same' }, at(i)).counter;
  assert.equal(counter!.failures, 1);
  const later = decideAttempt(fail(9, undefined, 0), { right: false, mark: 'y' }, at(86_401));
  assert.equal(later.counter!.failures, 1);
});
