import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { CallError, httpSend } from '@causeway/api';
import type { ObjectChange } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { TenantClient } from './tenant-client.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
const clock = new HandClock();
const client = () => new TenantClient(httpSend({ url: peer.url, timeoutMs: 5_000 }), undefined, clock);
const deletes = (count: number): ObjectChange[] =>
  Array.from({ length: count }, (_, i) => ({
    operation: 'delete',
    sourceAnchor: `anchor${i}`,
    sequence: i,
    record: 'a.b.c',
  }));

beforeEach(() => {
  peer.requests.length = 0;
  peer.script.length = 0;
  peer.judge = () => ({ verdict: 'applied' });
});

for (const misbehaviour of [
  { status: 500 },
  { status: 429 },
  'half a body',
  'nothing',
  'another shape',
  'done but lost',
] as const) {
  test(`sends the same batch again to a tenant that answers ${JSON.stringify(misbehaviour)}`, async () => {
    peer.script.push(misbehaviour);
    const verdicts = await clock.during(client().exportObjects('corp.example.com', deletes(2)));
    assert.deepEqual(
      verdicts.map(verdict => verdict.verdict),
      ['applied', 'applied'],
    );
    assert.equal(peer.requests.length, 2);
    assert.equal(peer.requests[0]!.body, peer.requests[1]!.body);
  });
}

test('waits for the time in Retry-After', async () => {
  peer.script.push({ status: 429, retryAfter: 1 });
  const began = clock.monotonic();
  await clock.during(client().exportObjects('corp.example.com', deletes(1)));
  assert.equal(Math.round(clock.monotonic() - began), 1_000);
});

test('ends the cycle at a Retry-After that is too long', async () => {
  peer.script.push({ status: 429, retryAfter: 300 });
  await assert.rejects(client().exportObjects('corp.example.com', deletes(1)), { retryAfter: 300 });
  assert.equal(peer.requests.length, 1);
});

test('gives up a tenant that does not answer after four tries', async () => {
  for (let i = 0; i < 9; i++) peer.script.push('nothing');
  await assert.rejects(clock.during(client().exportObjects('corp.example.com', deletes(1))), CallError);
  assert.equal(peer.requests.length, 4);
});

test('does not repeat a request that the tenant refused as a whole', async () => {
  peer.script.push({ status: 403 });
  await assert.rejects(client().exportObjects('corp.example.com', deletes(1)), { status: 403 });
  assert.equal(peer.requests.length, 1);
});

test('reports that the tenant needs a newer Connect, and does not ask again at once', async () => {
  const message = 'this Connect is version 0.1.0, and the tenant needs 0.2.0 or later: update it';
  peer.script.push({ status: 426, json: { error: { code: 'agent-too-old', message } } });
  const refused = client().exportObjects('corp.example.com', deletes(3));
  await assert.rejects(refused, { code: 'agent-too-old', message });
  assert.equal(peer.requests.length, 1);
});

test('loses only the item that the tenant cannot read, not its batch', async () => {
  // 8 items, the sixth is bad: 8, 0-3, 4-7, 4-5, 4, 5, 6-7.
  peer.script.push({ status: 400 }, undefined, { status: 400 }, { status: 400 }, undefined, { status: 400 });
  const verdicts = await client().exportObjects('corp.example.com', deletes(8));
  assert.deepEqual(
    verdicts.map(({ sourceAnchor, verdict }) => `${sourceAnchor} ${verdict}`),
    Array.from({ length: 8 }, (_, i) => `anchor${i} ${i === 5 ? 'refused' : 'applied'}`),
  );
});

test('caches the configuration for three seconds, and asks again when told to', async () => {
  const tenant = client();
  await tenant.configuration();
  await clock.pass(2_999);
  await tenant.configuration();
  assert.equal(peer.requests.length, 1);
  await tenant.configuration(true);
  assert.equal(peer.requests.length, 2);
  await clock.pass(3_000);
  await tenant.configuration();
  assert.equal(peer.requests.length, 3);
});
