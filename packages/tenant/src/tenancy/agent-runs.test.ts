import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { MAX_RUNS, type Run } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { AgentRuns } from './agent-runs.ts';

const run = (machine: string): Run => ({ id: randomUUID(), machine });
const [a, b] = [run('sync-1'), run('sync-2')];

let clock: HandClock;
let runs: AgentRuns;
beforeEach(() => {
  clock = new HandClock('2026-03-02T08:00:00Z');
  runs = new AgentRuns(clock);
});

/** Each run calls every few seconds, for so long. @returns what was noticed */
async function calling(seconds: number, ...those: Run[]): Promise<string[]> {
  const noticed: string[] = [];
  for (let passed = 0; passed < seconds; passed += 2) {
    for (const one of those) noticed.push(...[runs.note('agent', one, '10.0.0.1') ?? []].flat());
    await clock.pass(2000);
  }
  return noticed;
}

test('names two starts that run side by side to each other, with machine, address and times', async () => {
  await calling(60, a);
  assert.deepEqual(await calling(60, a, b), ['begin']);
  const [first, second] = [
    { machine: 'sync-1', address: '10.0.0.1', firstSeenAt: '2026-03-02T08:00:00.000Z' },
    { machine: 'sync-2', address: '10.0.0.1', firstSeenAt: '2026-03-02T08:01:00.000Z' },
  ].map(one => ({ ...one, lastSeenAt: '2026-03-02T08:01:58.000Z' }));
  assert.deepEqual(runs.besides('agent', a), [second]);
  assert.deepEqual(runs.besides('agent', b), [first]);
  assert.equal(runs.together('agent').length, 2);
});

test('ignores a restart, a request that was on its way, and restarts in a row', async () => {
  await calling(60, a);
  assert.deepEqual(await calling(4, b, a), []);
  assert.deepEqual(await calling(120, b), []);
  for (let i = 0; i < 20; i++) assert.deepEqual(await calling(20, run('sync-1')), []);
  assert.deepEqual(runs.together('agent'), []);
});

test('ignores a command that takes its turn beside the service for a moment', async () => {
  await calling(60, a);
  assert.deepEqual(await calling(6, a, b), []);
  assert.deepEqual(await calling(60, a), []);
});

test('ends when one of the two has been silent for minutes, and begins again when it comes back', async () => {
  await calling(60, a, b);
  assert.deepEqual(await calling(290, a), []);
  assert.equal(runs.besides('agent', a).length, 1);
  assert.deepEqual(await calling(20, a), ['end']);
  assert.deepEqual(runs.besides('agent', a), []);
  assert.deepEqual(await calling(20, a, b), ['begin']);
});

test('ignores changes of the wall clock', async () => {
  await calling(60, a);
  clock.set('2026-03-01T08:00:00Z');
  assert.deepEqual(await calling(60, b), []);
  clock.set('2027-03-01T08:00:00Z');
  assert.deepEqual(await calling(60, run('sync-1')), []);
});

test("keeps an agent's starts apart from other agents', and keeps only a few", async () => {
  await calling(60, a, b);
  runs.note('another', a, '10.0.0.2');
  assert.deepEqual(runs.besides('another', a), []);
  const many = Array.from({ length: 50 }, (_, i) => run(`m${i}`));
  await calling(20, ...many);
  assert.ok(runs.together('agent').length <= MAX_RUNS);
  assert.deepEqual(runs.together('another'), []);
  assert.deepEqual(runs.besides('agent', run('never-seen')), []);
});
