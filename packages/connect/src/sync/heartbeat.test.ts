import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HandClock } from '@causeway/service/testing';
import { connectorStore } from '../store/store.ts';
import { testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { Heartbeat } from './heartbeat.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());

test('reports to the tenant every ten seconds, and at once after a change; adds events every half hour', async () => {
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

test('reports the sum of all connectors of a forest to the tenant', async () => {
  const context = testContext(peer);
  const names = [context.store.name, 'emea'];
  const domains = names.map(name => ({ ...context, store: connectorStore(context.store, name, names) }));
  const both = { ...domains[0]!, domains };
  const said = async () => {
    await new Heartbeat(both, () => {}).beat();
    return JSON.parse(peer.requestsTo('/api/v1/sync/status').at(-1)!.body);
  };
  for (const { store } of domains) store.owed.put('somebody');
  domains[0]!.store.cursors.set('last-object-cycle-at', '2026-01-02T00:00:00.000Z');
  const { owed, lastObjectCycleAt } = await said();
  assert.deepEqual([owed, lastObjectCycleAt], [2, null], 'emea was never read');
  domains[1]!.store.cursors.set('last-object-cycle-at', '2026-01-01T00:00:00.000Z');
  assert.equal((await said()).lastObjectCycleAt, '2026-01-01T00:00:00.000Z');
});
