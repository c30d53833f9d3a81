import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { verifyHead } from '@causeway/records';
import { timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { Ledger } from '../ledger/ledger.ts';
import { trustOf } from '../pairing/trust.ts';
import { ForestPeer } from '../testing/index.ts';
import { arrivals } from './arrival.ts';
import { compareHead } from './compare-head.ts';

const LIMITS = { differenceMs: 60_000, silenceMs: 300_000 };
const TENANT = randomUUID();
const MISSING = { anchor: 'anchor', accountSequence: 10, credentialSequence: 100 };

/** An empty ledger with a clock that the test moves, and what a forest's heads add to it. */
function beginning() {
  const clock = new HandClock();
  const ledger = new Ledger(':memory:', clock);
  const forest = new ForestPeer(TENANT);
  ledger.agents.trust({ ...forest.publicKey, forest: forest.forest, trustedAt: timestamp(clock) });
  const startedAt = clock.now();
  return {
    clock,
    hear(entries: Parameters<ForestPeer['head']>[0], time = timestamp(clock)): void {
      const verified = verifyHead(forest.head(entries, { time }), trustOf(ledger), { tenant: TENANT });
      assert.ok(verified.ok);
      const { head } = verified;
      const before = ledger.heads.head(forest.forest)?.comparison;
      ledger.heads.saveHead({ ...head, receivedAt: timestamp(clock) });
      const ours = ledger.heads.ours(forest.forest);
      ledger.heads.saveComparison(forest.forest, compareHead(before, head, ours, timestamp(clock)));
    },
    arrival: (since = startedAt) => arrivals(ledger, LIMITS, since)[0]!,
  };
}

test('reports a forest as silent when no new head came for too long, by either clock, and not because of a restart', async () => {
  const { clock, hear, arrival } = beginning();
  await clock.pass(LIMITS.silenceMs);
  assert.deepEqual([arrival().state, arrival().alarm], ['no head yet', null]);
  await clock.pass(1);
  assert.equal(arrival().alarm?.kind, 'silent');
  hear([], '2026-01-01T00:00:00.000Z');
  assert.equal(arrival().alarm?.kind, 'silent', 'an old head that comes late is old');
  hear([]);
  assert.deepEqual([arrival().state, arrival().alarm], ['complete', null]);
  hear([], timestamp({ now: () => clock.now() + 10 * LIMITS.silenceMs }));
  await clock.pass(LIMITS.silenceMs + 1);
  assert.equal(arrival().alarm?.kind, 'silent', 'so is one from the future that came long ago');
  assert.equal(arrival(clock.now()).alarm, null);
});

test('raises an alarm for a difference that two heads show and that lasts long enough', async () => {
  const { clock, hear, arrival } = beginning();
  hear([MISSING]);
  assert.deepEqual([arrival().state, arrival().alarm], ['differs', null]);
  await clock.pass(LIMITS.differenceMs - 1);
  hear([MISSING]);
  assert.equal(arrival().alarm, null, 'not long enough');
  await clock.pass(1);
  assert.equal(arrival().alarm?.kind, 'differs');
  hear([]);
  hear([MISSING]);
  await clock.pass(LIMITS.differenceMs);
  assert.equal(arrival().alarm, null, 'one head alone');
  hear([]);
  assert.deepEqual([arrival().state, arrival().alarm], ['complete', null]);
});
