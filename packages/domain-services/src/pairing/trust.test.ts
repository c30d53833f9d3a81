import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Agent } from '@causeway/contract';
import { generateSigningKey, type PublicKeyInfo, signingPublicKey } from '@causeway/records';
import { Ledger } from '../ledger/ledger.ts';
import { trustAgent, trustOf } from './trust.ts';

const offering =
  (...keys: PublicKeyInfo[]) =>
  async () => {
    const agents = keys.map(
      (signingKey): Agent => ({
        ...{ id: randomUUID(), kind: 'connect', name: 'c', version: '1', signingKey },
        ...{ enrolledAt: '2026-11-23T10:00:00.000Z', forests: [], lastSeenAt: null },
      }),
    );
    return { status: 200, headers: new Headers(), text: async () => JSON.stringify({ agents }) };
  };

test("a key that the tenant shows under another one's fingerprint is not trusted", async () => {
  const ledger = new Ledger(':memory:');
  const genuine = signingPublicKey(generateSigningKey());
  const swapped = { ...genuine, publicKey: signingPublicKey(generateSigningKey()).publicKey };
  const trusting = trustAgent(ledger, offering(swapped), genuine.fingerprint, 'corp.example.com');
  await assert.rejects(trusting, { code: 'no-such-key' });
  assert.equal(trustOf(ledger)(genuine.keyId), undefined);
});

test('two keys with one key id do not share their forests, nor replace each other', async () => {
  const ledger = new Ledger(':memory:');
  const first = signingPublicKey(generateSigningKey());
  const second = signingPublicKey(generateSigningKey());
  await trustAgent(ledger, offering(first), first.fingerprint, 'corp.example.com');
  // A key with the id of `second`, as somebody with patience makes one.
  const { keyId } = second;
  ledger.agents.trust({ ...first, keyId, forest: 'b.example.com', trustedAt: '2026-11-23T10:00:00.000Z' });
  for (const forest of ['b.example.com', 'c.example.com']) {
    const trusting = trustAgent(ledger, offering(second), second.fingerprint, forest);
    await assert.rejects(trusting, { code: 'key-id-taken' });
  }
  assert.deepEqual([...trustOf(ledger)(keyId)!.forests], ['b.example.com']);
});
