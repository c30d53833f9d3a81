import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedEnd, ratePerSecond } from './full-pass-progress.ts';

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const pass = { id: 1, requestedAt: at(0), startedAt: at(10), readAt: null, completedAt: null, users: 300 };

test('computes the rate from the present attempt, so that a pass interrupted for a night is not slow', () => {
  const pace = { began: 90_000, sent: 100 };
  assert.equal(ratePerSecond(pass, pace, 100_000), 10);
  assert.equal(expectedEnd(pass, 500, 10, 100_000), at(120));
  assert.equal(expectedEnd(pass, 200, 10, 100_000), at(100), 'more than there are: now');
});

test('gives no rate and no expected end before there is anything to divide', () => {
  assert.equal(ratePerSecond({ ...pass, startedAt: null }, undefined, 100_000), null);
  assert.equal(ratePerSecond(pass, undefined, 100_000), null);
  assert.equal(ratePerSecond(pass, { began: 100_000, sent: 0 }, 101_000), null);
  assert.equal(expectedEnd(pass, 500, null, 100_000), null);
});

test('computes the rate from the whole pass once every user is read, and expects no end', () => {
  const read = { ...pass, readAt: at(70) };
  assert.equal(ratePerSecond(read, undefined, 100_000), 5);
  assert.equal(expectedEnd(read, 500, 5, 100_000), null);
});
