import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedItem } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import type { PreparedItem } from '../apply/task.ts';
import { Retries } from './retries.ts';

const forest = 'corp.example.com';
const item = (anchor: string) => ({ forest, sourceAnchor: anchor }) as FeedItem;
const tried = (...anchors: string[]) =>
  anchors.map(anchor => ({ verified: { person: { forest, anchor } } }) as PreparedItem);

test('retries a user after growing pauses, and stops once it succeeds', () => {
  const clock = new HandClock();
  const retries = new Retries(clock);
  const waits: number[] = [];
  for (let attempt = 0; attempt < 14; attempt++) {
    retries.note(tried('a', 'b'), [item('a')]);
    assert.deepEqual(retries.due(), []);
    waits.push(retries.next() - clock.now());
    clock.set(Math.ceil(retries.next()));
    assert.deepEqual(retries.due(), [item('a')]);
  }
  assert.ok(waits[0]! <= 1_000 && waits[0]! < waits[2]! && waits[2]! < waits[6]!, String(waits));
  assert.ok(waits.at(-1)! >= 300_000 && waits.at(-1)! <= 600_000, String(waits));
  retries.note(tried('a'), []);
  assert.deepEqual([retries.due(), retries.next()], [[], Number.POSITIVE_INFINITY]);
});

test('reads the whole feed again for users beyond its limit, at the earliest time that was set', async () => {
  const clock = new HandClock();
  const retries = new Retries(clock);
  const anchors = Array.from({ length: 10_001 }, (_, n) => String(n));
  retries.note(tried(...anchors.slice(1)), anchors.slice(1).map(item));
  await clock.pass(700_000);
  assert.equal(retries.isEverybodyDue, false);
  retries.note(tried(...anchors), anchors.map(item));
  await clock.pass(600_000);
  assert.equal(retries.isEverybodyDue, true);
  retries.everybodyComes();
  assert.equal(retries.isEverybodyDue, false);
  retries.everybodyLater();
  retries.everybodySoon();
  retries.everybodyLater();
  await clock.pass(1_000);
  assert.equal(retries.isEverybodyDue, true);
});
