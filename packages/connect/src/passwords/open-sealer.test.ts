import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CredentialSealer,
  generateSealingKey,
  generateSigningKey,
  peekRecord,
  sealingPublicKey,
} from '@causeway/records';
import { openSealer } from './open-sealer.ts';

const key = sealingPublicKey(await generateSealingKey());
const other = sealingPublicKey(await generateSealingKey());

const encapsulationOf = async (sealer: Promise<CredentialSealer>) => (await sealer).encapsulation;

test('gives no two batches the same sealer, one after the other or at once', async () => {
  const first = await encapsulationOf(openSealer(key));
  const second = await encapsulationOf(openSealer(key));
  const atOnce = await Promise.all(Array.from({ length: 5 }, () => encapsulationOf(openSealer(key))));
  assert.equal(new Set([first, second, ...atOnce]).size, 7);
});

test('does not use a sealer opened ahead for another key', async () => {
  await openSealer(key);
  const sealer = await openSealer(other);
  const fields = {
    ...{ tenant: 't', forest: 'corp.example.com', sourceAnchor: 'a', sequence: 1, mustChange: false },
    objectGuid: 'e3514235-4b06-11d1-ab04-00c04fc2dcd2',
    passwordOrder: {
      version: 1,
      originatingTime: 1,
      originatingInvocationId: 'e3514235-4b06-11d1-ab04-00c04fc2dcd2',
    },
  };
  const record = await sealer.seal(generateSigningKey(), fields, { ntHash: new Uint8Array(16) });
  assert.ok(peekRecord(record) !== undefined);
  const payload = JSON.parse(Buffer.from(record.split('.')[1]!, 'base64url').toString());
  assert.equal(payload.recipientKeyId, other.keyId);
});

test("rejects a key under another key's fingerprint, and leaves the right key as it was", async () => {
  await openSealer(other);
  const swapped = { ...key, fingerprint: other.fingerprint, keyId: other.keyId };
  await assert.rejects(openSealer(swapped), /the sealing key has fingerprint/);
  await assert.rejects(openSealer(swapped), /the sealing key has fingerprint/);
  assert.ok(await openSealer(other));
});
