import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAhead } from './read-ahead.ts';

/** Counts up, and notes each request. */
async function* numbers(noted: string[], failsAt = 4): AsyncGenerator<number, void> {
  try {
    for (let n = 1; n <= 3; n++) {
      noted.push(`asked ${n}`);
      if (n === failsAt) throw new Error(`no ${n}`);
      yield n;
    }
  } finally {
    noted.push('ended');
  }
}

test('asks for the next item before the current one is processed', async () => {
  const noted: string[] = [];
  for await (const n of readAhead(numbers(noted))) noted.push(`had ${n}`);
  assert.deepEqual(noted, ['asked 1', 'asked 2', 'had 1', 'asked 3', 'had 2', 'ended', 'had 3']);
});

test('throws an error when its item is due', async () => {
  const noted: string[] = [];
  const reading = async () => {
    for await (const n of readAhead(numbers(noted, 2))) noted.push(`had ${n}`);
  };
  await assert.rejects(reading(), /no 2/);
  assert.deepEqual(noted, ['asked 1', 'asked 2', 'ended', 'had 1']);
});

test('ends the source when the reader leaves early, and swallows an error that nobody asked for', async () => {
  for (const failsAt of [2, 4]) {
    const noted: string[] = [];
    for await (const n of readAhead(numbers(noted, failsAt))) {
      noted.push(`had ${n}`);
      break;
    }
    assert.ok(noted.includes('ended'));
    assert.ok(!noted.includes('had 2'));
  }
});
