import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import {
  domainFingerprint,
  importSealingKey,
  importSigningKey,
  openCredentialRecord,
  sealingPublicKey,
  signAccountRecord,
  signHead,
  signingPublicKey,
  signReceipt,
  signWithdrawal,
  verifyRecord,
} from './index.ts';
import {
  ACCOUNT,
  CREDENTIAL,
  FIRST_RECEIPT,
  HEAD,
  isSameSecret,
  RECEIPT,
  someSecret,
  TENANT,
  trusting,
  WITHDRAWAL,
} from './testing/fixtures.ts';
import {
  ACCOUNT_RECORD,
  CREDENTIAL_RECORD,
  FIRST_RECEIPT_STATEMENT,
  HEAD_STATEMENT,
  RECEIPT_STATEMENT,
  SEALING_KEY,
  SIGNING_KEY,
  WITHDRAWAL_RECORD,
} from './testing/known-answers.ts';

const signer = importSigningKey(SIGNING_KEY);

test('the key of RFC 8032 signs the very account record that docs/formats.md points to', () => {
  assert.equal(signingPublicKey(signer).publicKey, '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo');
  assert.equal(signAccountRecord(signer, ACCOUNT), ACCOUNT_RECORD);
  assert.ok(verifyRecord(ACCOUNT_RECORD, trusting(signer), { tenant: TENANT }).ok);
});

test('it signs the very withdrawal', () => {
  assert.equal(signWithdrawal(signer, WITHDRAWAL), WITHDRAWAL_RECORD);
  assert.ok(verifyRecord(WITHDRAWAL_RECORD, trusting(signer), { tenant: TENANT }).ok);
});

test('a credential record made earlier is believed and opens', async () => {
  const recipient = await importSealingKey(SEALING_KEY);
  // The public key of the X-Wing draft's first test vector begins so.
  assert.ok(
    sealingPublicKey(recipient).publicKey.startsWith(
      Buffer.from('e2236b35a8c2', 'hex').toString('base64url'),
    ),
  );
  const verified = verifyRecord(CREDENTIAL_RECORD, trusting(signer), { tenant: TENANT });
  assert.ok(verified.ok && verified.record.kind === 'credential');
  const { kind: _, signerKeyId, recipientKeyId, counter, ...rest } = verified.record;
  const { encapsulationDigest, encapsulation, sealed, ...fields } = rest;
  assert.deepEqual(fields, CREDENTIAL);
  assert.equal(signerKeyId, signingPublicKey(signer).keyId);
  assert.equal(recipientKeyId, sealingPublicKey(recipient).keyId);
  assert.deepEqual([counter, encapsulation.length, sealed.length], [0, 1494, 704]);
  const digest = hash('sha256', Buffer.from(encapsulation, 'base64url'), 'base64url');
  assert.equal(encapsulationDigest, digest);
  const opened = await openCredentialRecord(verified.record, recipient);
  assert.ok(opened.ok && isSameSecret(opened, someSecret()));
});

test('it signs the very head, and receipts of the first and the last version', () => {
  assert.equal(signHead(signer, HEAD), HEAD_STATEMENT);
  assert.equal(signReceipt(signer, RECEIPT), RECEIPT_STATEMENT);
  assert.equal(signReceipt(signer, FIRST_RECEIPT), FIRST_RECEIPT_STATEMENT);
});

test('the fingerprint of a managed domain covers both of its keys, each in its place', async () => {
  const sealing = sealingPublicKey(await importSealingKey(SEALING_KEY)).publicKey;
  const receipts = signingPublicKey(signer).publicKey;
  // Made with sha256sum and base32 of GNU coreutils over label, sealing key and receipt key.
  assert.equal(
    domainFingerprint(sealing, receipts),
    'HR35-YCK2-M5WT-D6FP-BCHA-KNGB-4MON-JTMG-IL2O-DFQY-6GUH-JBAQ-ZSTA',
  );
  assert.throws(() => domainFingerprint(receipts, sealing), /a sealing key of 1216 bytes/);
});
