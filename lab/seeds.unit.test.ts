import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playing } from './seeds.ts';

test('a failing seed says first how to play it again, then what happened', async () => {
  const told: string[] = [];
  const cause = new Error('bob is not there');
  const play = async () => {
    told.push('hired ann', 'hired bob');
    throw cause;
  };
  const message = 'CAUSEWAY_TEST_SEED=7\n  hired ann\n  hired bob\nbob is not there';
  await assert.rejects(playing(7, told, play), { message, cause });
  assert.equal(await playing(7, [], async () => 'played'), 'played');
});
