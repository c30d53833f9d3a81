import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { eventually, type HandClock } from '@causeway/service/testing';
import type { ConnectPlace } from '../testing/connect-place.ts';
import type { ScriptedForest } from '../testing/scripted-forest.ts';
import { type WholeConnect, wholeConnect } from '../testing/whole-connect.ts';

let clock: HandClock;
let forest: ScriptedForest;
let place: ConnectPlace;
let close: WholeConnect['close'];

beforeEach(async () => {
  ({ clock, forest, place, close } = await wholeConnect());
  await place.enrol('a-code');
  await place.start();
});

afterEach(() => close());

const store = () => place.connector.context.store;
const stored = (id: number): string[] =>
  store()
    .events.last(1000)
    .filter(({ eventId }) => eventId === id)
    .map(({ level, text }) => `${level}: ${text}`);

test('event 613: reports once that a full password synchronization waits for the first import', async () => {
  forest.hire('ann', 'Pass-ann!');
  store().passes.request();
  const end = place.run();
  await eventually('the pass is over', async () => {
    await clock.pass(5_000);
    return store().passes.open() === undefined;
  });
  await end();
  assert.deepEqual(stored(613), [
    'info: Full password hash synchronization waits for the first full import of forest: corp.example.com',
  ]);
  assert.equal(stored(623).length, 1);
});

test('event 606: logs that passwords are taken from the retry queue, without storing the event', async () => {
  const ann = forest.hire('ann', 'Pass-ann!');
  await place.turn();
  assert.ok(!place.said.some(line => line.includes('"eventId":606')));
  store().queue.putDue(ann.guid, 'moved', 'read it again');
  await clock.pass(10_000);
  await place.turn();
  const taken = place.said.filter(line => line.includes('"eventId":606'));
  assert.equal(taken.length, 1);
  assert.match(taken[0]!, /1 passwords taken from the retry queue/);
  assert.deepEqual(stored(606), []);
});
