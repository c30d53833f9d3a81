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

test("does not trust a key that the tenant shows under another key's fingerprint", async () => {
  const ledger = new Ledger(':memory:');
  const genuine = signingPublicKey(generateSigningKey());
  const swapped = { ...genuine, publicKey: signingPublicKey(generateSigningKey()).publicKey };
  const trusting = trustAgent(ledger, offering(swapped), {
    fingerprint: genuine.fingerprint,
    forest: 'corp.example.com',
  });
  await assert.rejects(trusting, { code: 'no-such-key' });
  assert.equal(trustOf(ledger)(genuine.keyId), undefined);
});

test('two keys with one key id neither share forests nor replace each other', async () => {
  const ledger = new Ledger(':memory:');
  const first = signingPublicKey(generateSigningKey());
  const second = signingPublicKey(generateSigningKey());
  await trustAgent(ledger, offering(first), { fingerprint: first.fingerprint, forest: 'corp.example.com' });
  // A key with the id of `second`, which an attacker with patience can make.
  const { keyId } = second;
  ledger.agents.trust({ ...first, keyId, forest: 'b.example.com', trustedAt: '2026-11-23T10:00:00.000Z' });
  for (const forest of ['b.example.com', 'c.example.com']) {
    const trusting = trustAgent(ledger, offering(second), {
      fingerprint: second.fingerprint,
      forest: forest,
    });
    await assert.rejects(trusting, { code: 'key-id-taken' });
  }
  assert.deepEqual([...trustOf(ledger)(keyId)!.forests], ['b.example.com']);
});

test('replaces the key of a forest only if it is named, and never trusts both at once', async () => {
  const ledger = new Ledger(':memory:');
  const [first, second, stranger] = [1, 2, 3].map(() => signingPublicKey(generateSigningKey())) as [
    PublicKeyInfo,
    PublicKeyInfo,
    PublicKeyInfo,
  ];
  const [corp, west] = ['corp.example.com', 'west.example.com'] as const;
  const trust = ({ fingerprint }: PublicKeyInfo, forest: string, ...replaced: PublicKeyInfo[]) =>
    trustAgent(ledger, offering(first, second), {
      ...{ fingerprint, forest },
      replaces: replaced.map(one => one.fingerprint.toLowerCase()),
    });
  await trust(first, corp);
  await trust(first, west);
  const named = new RegExp(`--replace ${first.fingerprint}$`);
  await assert.rejects(trust(second, corp), { code: 'other-key', message: named });
  for (const wrong of [second, stranger])
    await assert.rejects(trust(second, corp, wrong), {
      code: 'other-key',
      message: new RegExp(`^the key ${wrong.fingerprint} is not trusted for ${corp}`),
    });
  await assert.rejects(trust(second, corp, first, stranger), { code: 'other-key' });
  await assert.rejects(trust(second, 'north.example.com', first), { message: /leave out '--replace'$/ });
  assert.deepEqual([...trustOf(ledger)(first.keyId)!.forests], [corp, west]);

  const { replaced } = await trust(second, corp, first);
  assert.deepEqual(
    replaced.map(({ fingerprint, forest }) => [fingerprint, forest]),
    [[first.fingerprint, corp]],
  );
  assert.deepEqual([...trustOf(ledger)(first.keyId)!.forests], [west], 'for its other forest it stays');
  assert.deepEqual([...trustOf(ledger)(second.keyId)!.forests], [corp]);
  assert.match(ledger.audit.list(1)[0]!.detail, new RegExp(`in the place of ${first.fingerprint}`));
  await trust(second, corp); // trusting it again reads the feed again, and needs no `--replace`
  await trust(first, corp, second);
  assert.equal(trustOf(ledger)(second.keyId), undefined);
});
