import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, NotYet } from './index.ts';

test('returns what appears, even if it is falsy', async () => {
  const answers = [undefined, false, new NotYet('one of two'), 0];
  assert.equal(await eventually('zero', () => answers.shift(), { lookMs: 1 }), 0);
  assert.equal(await eventually('nothing', async () => null), null);
});

test('gives up with the last answer, and with what may tell why', async () => {
  const patience = { patienceMs: 5, lookMs: 1 };
  await assert.rejects(
    eventually('both', () => new NotYet('one of two'), { ...patience, why: () => 'the log ends here' }),
    { message: 'both: not so after 0.005 s; the last answer: one of two\nthe log ends here' },
  );
  await assert.rejects(
    eventually('it', async () => false, patience),
    { message: 'it: not so after 0.005 s; the last answer: false' },
  );
});

test('propagates an error of the look function', async () => {
  await assert.rejects(
    eventually('it', () => Promise.reject(new Error('no such place'))),
    /^Error: no such place$/,
  );
});
