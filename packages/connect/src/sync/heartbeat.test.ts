import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HandClock } from '@causeway/service/testing';
import { testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { Heartbeat } from './heartbeat.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());

test('the tenant is told every ten seconds, and at once when the numbers change; the events come each half an hour', async () => {
  const clock = new HandClock();
  const context = testContext(peer, {}, clock);
  let arrived = 0;
  const heartbeat = new Heartbeat(context, () => void arrived++);
  const beatsAfter = async (milliseconds: number): Promise<number> => {
    await clock.pass(milliseconds);
    const before = arrived;
    await heartbeat.beat();
    return arrived - before;
  };
  assert.deepEqual([await beatsAfter(0), await beatsAfter(9_999), await beatsAfter(1)], [1, 0, 1]);
  context.store.owed.put('somebody');
  assert.deepEqual([await beatsAfter(0), await beatsAfter(0)], [1, 0]);

  const pings = () => context.store.events.last(50).filter(({ text }) => text.endsWith('ping end.')).length;
  assert.equal(pings(), 1);
  assert.deepEqual([await beatsAfter(30 * 60_000 - 10_001), pings()], [1, 1]);
  assert.deepEqual([await beatsAfter(10_000), pings()], [1, 2]);
});
