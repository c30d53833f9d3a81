import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLOUD_FOREST,
  encodableAccount,
  generateSigningKey,
  NULL_SID,
  peekRecord,
  signAccountRecord,
  signingPublicKey,
  verifyRecord,
} from './index.ts';
import { ACCOUNT, partsOf, signedBy, TENANT, trusting } from './testing/fixtures.ts';

const signer = generateSigningKey();
const expected = { tenant: TENANT };
const NAMELESS = { ...ACCOUNT, userPrincipalName: null, sAMAccountName: null };

test('accepts an account record as signed without one name or both', () => {
  const { keyId } = signingPublicKey(signer);
  for (const fields of [
    NAMELESS,
    { ...NAMELESS, userPrincipalName: ACCOUNT.userPrincipalName },
    { ...NAMELESS, sAMAccountName: ACCOUNT.sAMAccountName },
  ]) {
    const record = signAccountRecord(signer, fields);
    assert.equal(partsOf(record).payload.version, 3);
    assert.deepEqual(verifyRecord(record, trusting(signer), expected), {
      ok: true,
      record: { kind: 'account', signerKeyId: keyId, ...fields },
    });
    assert.deepEqual(peekRecord(record)?.account, { kind: 'account', signerKeyId: keyId, ...fields });
  }
});

test('signs an account with both names in the version that every reader reads', () => {
  assert.equal(partsOf(signAccountRecord(signer, ACCOUNT)).payload.version, 1);
});

test('allows null names in version 3 only, and never for a cloud-only user', () => {
  const { header, payload } = partsOf(signAccountRecord(signer, NAMELESS));
  for (const lie of [
    { ...payload, version: 1 },
    { ...payload, version: 2 },
    { ...payload, forest: CLOUD_FOREST },
    { ...payload, objectSid: null },
    { ...payload, userPrincipalName: '' },
  ]) {
    const result = verifyRecord(
      signedBy(signer, header, lie),
      trusting(signer, CLOUD_FOREST, ACCOUNT.forest),
      expected,
    );
    assert.equal(result.ok ? 'believed' : result.refusal, 'malformed', JSON.stringify(lie));
  }
});

test("replaces a name that cannot be written by null and such a SID by nobody's, and keeps all else", () => {
  assert.deepEqual(encodableAccount(ACCOUNT), ACCOUNT);
  for (const bad of ['', 'a\u0000b', 'tab\there', '\ud800', 'x'.repeat(1025)]) {
    assert.deepEqual(encodableAccount({ ...ACCOUNT, userPrincipalName: bad }), {
      ...ACCOUNT,
      userPrincipalName: null,
    });
    assert.deepEqual(encodableAccount({ ...ACCOUNT, sAMAccountName: bad }), {
      ...ACCOUNT,
      sAMAccountName: null,
    });
    assert.deepEqual(encodableAccount({ ...ACCOUNT, objectSid: bad }), { ...ACCOUNT, objectSid: NULL_SID });
    signAccountRecord(
      signer,
      encodableAccount({ ...ACCOUNT, userPrincipalName: bad, sAMAccountName: bad, objectSid: bad }),
    );
  }
  // A space is a character like any other. The reader decides whether it can use the name.
  assert.equal(
    encodableAccount({ ...ACCOUNT, userPrincipalName: 'LEFT a@corp' }).userPrincipalName,
    'LEFT a@corp',
  );
});
