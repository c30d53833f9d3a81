import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { mapLimit } from './map-limit.ts';

test('returns results in order, with at most the limit in flight', async () => {
  let inFlight = 0;
  let most = 0;
  const results = await mapLimit([5, 1, 3, 2], 2, async (milliseconds, i) => {
    most = Math.max(most, ++inFlight);
    await delay(milliseconds);
    inFlight--;
    return i;
  });
  assert.deepEqual([results, most], [[0, 1, 2, 3], 2]);
});

test('throws a failure only when nothing is in flight any more, and starts nothing new after it', async () => {
  // Hashes are wiped after a failure. A batch still in flight would otherwise send the credential of a wiped hash.
  const ended: number[] = [];
  await assert.rejects(
    mapLimit([0, 1, 2, 3], 2, async i => {
      await delay(i === 0 ? 5 : 20);
      if (i === 0) throw new Error('the first');
      ended.push(i);
    }),
    /the first/,
  );
  assert.deepEqual(ended, [1]);
});

test('takes items one by one as there is room, and ends their source after a failure', async () => {
  let taken = 0;
  let ended = false;
  const items = async function* () {
    try {
      for (;;) yield taken++;
    } finally {
      ended = true;
    }
  };
  const work = async (item: number): Promise<void> => {
    await delay(1);
    if (item === 4) throw new Error('the fourth');
  };
  await assert.rejects(mapLimit(items(), 2, work), /the fourth/);
  assert.ok(ended && taken <= 7, `${taken} taken`);
});
