import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallError } from '@causeway/api';
import { CLOUD_FOREST, generateSigningKey, type PublicKeyInfo, signingPublicKey } from '@causeway/records';
import { Ledger } from '../ledger/ledger.ts';
import { learnTenantKey, offeredTenantKey, pinnedTenantKey, trustTenant } from './tenant-key.ts';
import { trustAgent, trustOf, untrustAgent } from './trust.ts';

/** A tenant that shows this key as its own, and also as the key of a Connect. */
const showing = (key: PublicKeyInfo) => async (path: string) => {
  const common = { kind: 'connect', name: 'c', version: '1', enrolledAt: '2026-11-23T10:00:00.000Z' };
  const agent = { ...common, id: crypto.randomUUID(), signingKey: key, forests: [], lastSeenAt: null };
  const reply = path.endsWith('/agents') ? { agents: [agent] } : { key };
  return { status: 200, headers: new Headers(), text: async () => JSON.stringify(reply) };
};
const made = (): PublicKeyInfo => signingPublicKey(generateSigningKey());
const actions = (ledger: Ledger) => ledger.audit.list().map(({ action, subject }) => [action, subject]);

test("pins the tenant's first key for cloud-only users alone, and records that in the audit trail", async () => {
  const ledger = new Ledger(':memory:');
  const key = made();
  assert.equal(await learnTenantKey(ledger, showing(key)), 'pinned');
  assert.deepEqual([...trustOf(ledger)(key.keyId)!.forests], [CLOUD_FOREST]);
  assert.deepEqual(actions(ledger), [['pin-tenant-key', key.fingerprint]]);
  assert.equal(await learnTenantKey(ledger, showing(key)), 'known');
});

test('does not believe a later key until an administrator confirms its fingerprint', async () => {
  const ledger = new Ledger(':memory:');
  const [first, second] = [made(), made()];
  await learnTenantKey(ledger, showing(first));
  assert.equal(await learnTenantKey(ledger, showing(second)), 'changed');
  assert.equal(trustOf(ledger)(second.keyId), undefined);
  assert.equal(offeredTenantKey(ledger), second.fingerprint);
  const wrong = trustTenant(ledger, showing(second), made().fingerprint);
  await assert.rejects(wrong, { code: 'fingerprint-differs' });

  await trustTenant(ledger, showing(second), second.fingerprint.toLowerCase());
  assert.deepEqual(
    [trustOf(ledger)(first.keyId), pinnedTenantKey(ledger)?.fingerprint, offeredTenantKey(ledger)],
    [undefined, second.fingerprint, undefined],
  );
  assert.equal(actions(ledger)[0]![0], 'trust-tenant');
});

test('identifies a key by its bytes, not by the fingerprint that comes with it', async () => {
  const ledger = new Ledger(':memory:');
  const [genuine, other] = [made(), made()];
  await learnTenantKey(ledger, showing(genuine));
  assert.equal(await learnTenantKey(ledger, showing({ ...genuine, publicKey: other.publicKey })), 'changed');
  assert.equal(offeredTenantKey(ledger), other.fingerprint);
  const none = learnTenantKey(ledger, showing({ ...genuine, publicKey: 'AAAA' }));
  await assert.rejects(none, { code: 'tenant-key-unusable' });
});

test("the tenant's own key can be trusted for no forest, and a Connect's key cannot be the tenant's", async () => {
  const ledger = new Ledger(':memory:');
  const key = made();
  await learnTenantKey(ledger, showing(key));
  const asForest = trustAgent(ledger, showing(key), {
    fingerprint: key.fingerprint,
    forest: 'corp.example.com',
  });
  await assert.rejects(asForest, { code: 'tenant-key' });
  assert.throws(() => untrustAgent(ledger, key.fingerprint), { code: 'no-such-key' });

  const later = new Ledger(':memory:');
  await trustAgent(later, showing(key), { fingerprint: key.fingerprint, forest: 'corp.example.com' });
  await assert.rejects(learnTenantKey(later, showing(key)), { code: 'key-id-taken' });
  // A key that the tenant made to have the id of a trusted Connect's key.
  const alike = made();
  later.agents.trust({ ...key, keyId: alike.keyId, forest: 'b.example.com', trustedAt: '2026-11-23' });
  await assert.rejects(learnTenantKey(later, showing(alike)), { code: 'key-id-taken' });
  await assert.rejects(trustTenant(later, showing(alike), alike.fingerprint), { code: 'key-id-taken' });
  assert.deepEqual(
    [pinnedTenantKey(later), [...trustOf(later)(alike.keyId)!.forests]],
    [undefined, ['b.example.com']],
  );
});

test('refuses to trust an agent for the marker of cloud-only users as a forest', async () => {
  const ledger = new Ledger(':memory:');
  const key = made();
  const trusting = trustAgent(ledger, showing(key), { fingerprint: key.fingerprint, forest: CLOUD_FOREST });
  await assert.rejects(trusting, { code: 'bad-forest' });
});

test('changes nothing when the tenant does not answer', async () => {
  const ledger = new Ledger(':memory:');
  const failing = async () => ({ status: 500, headers: new Headers(), text: async () => '' });
  await assert.rejects(learnTenantKey(ledger, failing), CallError);
  assert.equal(pinnedTenantKey(ledger), undefined);
});
