import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { realClock, timestamp } from './clock.ts';
import { HandClock } from './testing/hand-clock.ts';

test('the hand-driven clock wakes sleepers in time order, including one that sleeps again in between', async () => {
  const clock = new HandClock('2026-01-01T00:00:00Z');
  const seen: string[] = [];
  const beat = async (name: string, every: number): Promise<void> => {
    for (;;) {
      await clock.sleep(every);
      seen.push(`${name} ${clock.monotonic()}`);
    }
  };
  void beat('slow', 250);
  void beat('quick', 100);
  await clock.pass(400);
  assert.deepEqual(seen, ['quick 100', 'quick 200', 'slow 250', 'quick 300', 'quick 400']);
  assert.equal(timestamp(clock), '2026-01-01T00:00:00.400Z');
  assert.deepEqual(await clock.sleeping(2), [100, 100]);
});

test('pauses take no real time, whatever else the work waits for between them', async () => {
  const clock = new HandClock();
  const work = async (): Promise<string> => {
    await clock.sleep(3_600_000);
    await delay(5);
    await clock.sleep(3_600_000);
    return 'done';
  };
  assert.equal(await clock.during(work()), 'done');
  assert.equal(clock.monotonic(), 7_200_000);
  await assert.rejects(clock.during(Promise.reject(new Error('failed'))), /failed/);
});

test('a signal ends a sleep on either clock, before or during it', async () => {
  for (const clock of [realClock, new HandClock()]) {
    const stop = new AbortController();
    const asleep = clock.sleep(1e9, stop.signal);
    stop.abort();
    await asleep;
    await clock.sleep(1e9, stop.signal);
  }
});

test('setting the clock wakes nobody and leaves the monotonic time unchanged', async () => {
  const clock = new HandClock();
  let awake = false;
  void clock.sleep(1000).then(() => {
    awake = true;
  });
  clock.set('2030-01-01T00:00:00Z');
  await clock.pass(999);
  assert.equal(awake, false);
  await clock.pass(1);
  assert.equal(awake, true);
  assert.equal(timestamp(clock), '2030-01-01T00:00:01.000Z');
});
