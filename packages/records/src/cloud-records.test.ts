import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  type AccountFields,
  CLOUD_FOREST,
  CredentialSealer,
  generateSealingKey,
  generateSigningKey,
  openCredentialRecord,
  peekRecord,
  sealingPublicKey,
  signAccountRecord,
  signingPublicKey,
  verifyRecord,
} from './index.ts';
import {
  ACCOUNT,
  CREDENTIAL,
  isSameSecret,
  partsOf,
  sealedBy,
  signedBy,
  someSecret,
  TENANT,
  trusting,
} from './testing/fixtures.ts';

const tenantKey = generateSigningKey();
const recipient = await generateSealingKey();
const ID = 'e3514235-4b06-41d1-ab04-00c04fc2dcd2';
const CLOUD_ACCOUNT: AccountFields = {
  ...ACCOUNT,
  forest: CLOUD_FOREST,
  sourceAnchor: ID,
  objectGuid: ID,
  objectSid: null,
};
const account = signAccountRecord(tenantKey, CLOUD_ACCOUNT);
const expected = { tenant: TENANT };
const refusalOf = (record: string, ...forests: string[]) => {
  const result = verifyRecord(record, trusting(tenantKey, ...forests), expected);
  return result.ok ? 'believed' : result.refusal;
};

test("a cloud-only user's account record has no SID, and is accepted under the tenant's key", () => {
  const { keyId } = signingPublicKey(tenantKey);
  assert.deepEqual(verifyRecord(account, trusting(tenantKey, CLOUD_FOREST), expected), {
    ok: true,
    record: { kind: 'account', signerKeyId: keyId, ...CLOUD_ACCOUNT },
  });
  assert.equal(partsOf(account).payload.version, 2);
});

test("accepts and opens a cloud-only user's credential record", async () => {
  const sealer = await CredentialSealer.open(sealingPublicKey(recipient));
  const fields = { ...CREDENTIAL, forest: CLOUD_FOREST, sourceAnchor: ID, objectGuid: ID };
  const record = await sealedBy(sealer, tenantKey, fields, someSecret());
  const result = verifyRecord(record, trusting(tenantKey, CLOUD_FOREST), expected);
  assert.ok(result.ok && result.record.kind === 'credential');
  const opened = await openCredentialRecord(result.record, recipient);
  assert.ok(opened.ok && isSameSecret(opened, someSecret()));
});

test("rejects the tenant's key for a forest, and a forest's key for a cloud-only user", () => {
  assert.equal(refusalOf(account, 'corp.example.com'), 'other-forest');
  assert.equal(refusalOf(signAccountRecord(tenantKey, ACCOUNT), CLOUD_FOREST), 'other-forest');
});

test("rejects a forest's user without a SID, and a cloud-only user with one", () => {
  const { header, payload } = partsOf(account);
  const lies = [
    { ...payload, forest: 'corp.example.com' },
    { ...payload, objectSid: ACCOUNT.objectSid },
    { ...payload, version: 1 },
    { ...payload, version: 1, forest: 'corp.example.com' },
    { ...payload, version: 1, objectSid: ACCOUNT.objectSid },
  ];
  for (const lie of lies) {
    const record = signedBy(tenantKey, header, lie);
    assert.equal(refusalOf(record, CLOUD_FOREST, 'corp.example.com'), 'malformed', JSON.stringify(lie));
    assert.equal(peekRecord(record), undefined);
  }
  const forest = { ...CLOUD_ACCOUNT, forest: 'corp.example.com' };
  assert.throws(() => signAccountRecord(tenantKey, forest), /^RangeError: payload\.forest/);
  const sid = { ...CLOUD_ACCOUNT, objectSid: ACCOUNT.objectSid };
  assert.throws(() => signAccountRecord(tenantKey, sid), /^RangeError: payload\.forest/);
});

test('rejects or accepts every truncation and mutation of the payload, and never throws', () => {
  const { header } = partsOf(account);
  const payload = Buffer.from(account.split('.')[1]!, 'base64url');
  const head = Buffer.from(JSON.stringify(header)).toString('base64url');
  const signature = Buffer.alloc(64).toString('base64url');
  truncationsAndMutations(payload, { seed: 7 }, bytes => {
    peekRecord(`${head}.${Buffer.from(bytes).toString('base64url')}.${signature}`);
  });
});
