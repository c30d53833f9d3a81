import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import {
  domainFingerprint,
  importSealingKey,
  importSigningKey,
  lineDigest,
  openCredentialRecord,
  recordName,
  sealingPublicKey,
  signAccountRecord,
  signGroupRecord,
  signHead,
  signingPublicKey,
  signMembers,
  signReceipt,
  signWithdrawal,
  verifyGroupRecord,
  verifyRecord,
} from './index.ts';
import {
  ACCOUNT,
  CLOUD_RECEIPT,
  CREDENTIAL,
  FIRST_RECEIPT,
  HEAD,
  isSameSecret,
  RECEIPT,
  RESTORED_CREDENTIAL,
  RESTORED_WITHDRAWAL,
  someSecret,
  TENANT,
  trusting,
  WITHDRAWAL,
} from './testing/fixtures.ts';
import {
  GROUP_HEAD_DIGEST,
  GROUP_RECEIPT_STATEMENT,
  GROUP_RECORD,
  MEMBERS_RECORD,
} from './testing/group-answers.ts';
import { GROUP, GROUP_HEAD, GROUP_RECEIPT, MEMBERS } from './testing/groups.ts';
import {
  ACCOUNT_RECORD,
  CREDENTIAL_RECORD,
  FIRST_RECEIPT_STATEMENT,
  HEAD_STATEMENT,
  RECEIPT_STATEMENT,
  RESTORED_CREDENTIAL_RECORD,
  RESTORED_WITHDRAWAL_RECORD,
  SEALING_KEY,
  SIGNING_KEY,
  WITHDRAWAL_RECORD,
} from './testing/known-answers.ts';

const signer = importSigningKey(SIGNING_KEY);

test('signs exactly the account record that docs/formats.md points to with the key of RFC 8032', () => {
  assert.equal(signingPublicKey(signer).publicKey, '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo');
  assert.equal(signAccountRecord(signer, ACCOUNT), ACCOUNT_RECORD);
  assert.ok(verifyRecord(ACCOUNT_RECORD, trusting(signer), { tenant: TENANT }).ok);
});

test('signs exactly the recorded withdrawals', () => {
  for (const [fields, record, name] of [
    [WITHDRAWAL, WITHDRAWAL_RECORD, 'withdrawal-1'],
    [RESTORED_WITHDRAWAL, RESTORED_WITHDRAWAL_RECORD, 'withdrawal-2'],
  ] as const) {
    assert.equal(signWithdrawal(signer, fields), record);
    assert.equal(recordName(record), name);
    assert.ok(verifyRecord(record, trusting(signer), { tenant: TENANT }).ok);
  }
});

test('treats an epoch of 0 as none, so that a forest that was never restored signs as ever', () => {
  const passwordOrder = { ...WITHDRAWAL.passwordOrder, epoch: 0 };
  assert.equal(signWithdrawal(signer, { ...WITHDRAWAL, passwordOrder }), WITHDRAWAL_RECORD);
});

test("accepts and opens a restored forest's credential record made earlier", async () => {
  const verified = verifyRecord(RESTORED_CREDENTIAL_RECORD, trusting(signer), { tenant: TENANT });
  assert.ok(verified.ok && verified.record.kind === 'credential');
  assert.equal(recordName(RESTORED_CREDENTIAL_RECORD), 'credential-3');
  assert.deepEqual(verified.record.passwordOrder, RESTORED_CREDENTIAL.passwordOrder);
  const opened = await openCredentialRecord(verified.record, await importSealingKey(SEALING_KEY));
  assert.ok(opened.ok && isSameSecret(opened, someSecret()));
  const { epoch: _, ...passwordOrder } = verified.record.passwordOrder;
  const other = { ...verified.record, passwordOrder };
  const resealed = await openCredentialRecord(other, await importSealingKey(SEALING_KEY));
  assert.equal(resealed.ok, false, 'the epoch is part of what the sealed part is bound to');
});

test('the digest of a line has the epoch before the order for a restored forest, and no epoch for another', () => {
  const line = {
    anchor: ACCOUNT.sourceAnchor,
    accountSequence: ACCOUNT.sequence,
    credentialSequence: CREDENTIAL.sequence,
    passwordOrder: CREDENTIAL.passwordOrder,
    withdrawn: false,
  };
  const digestOf = (text: string) => hash('sha256', text, 'buffer').subarray(0, 16).toString('hex');
  const rest = '13439911327.6ba7b810-9dad-11d1-80b4-00c04fd430c8 open';
  const start = 'Y0JR4wZL0RGrBADAT8LNxg== 1795437727000001 1795437727000002';
  const digests = [undefined, 0, 1_795_437_727_000_008].map(epoch => {
    const passwordOrder = { ...line.passwordOrder, epoch };
    return Buffer.from(lineDigest({ ...line, passwordOrder })).toString('hex');
  });
  const [first, restored] = [`${start} 3.${rest}`, `${start} e1795437727000008.3.${rest}`].map(digestOf);
  assert.deepEqual(digests, [first, first, restored]);
});

test('accepts and opens a credential record made earlier', async () => {
  const recipient = await importSealingKey(SEALING_KEY);
  // The public key of the X-Wing draft's first test vector begins with these bytes.
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

test('signs exactly the head, and receipts of the first and the last version', () => {
  assert.equal(signHead(signer, HEAD), HEAD_STATEMENT);
  assert.equal(signReceipt(signer, RECEIPT), RECEIPT_STATEMENT);
  assert.equal(signReceipt(signer, FIRST_RECEIPT), FIRST_RECEIPT_STATEMENT);
});

test('signs exactly the group and slice, and the head and receipt with groups', () => {
  for (const [made, record, name] of [
    [signGroupRecord(signer, GROUP), GROUP_RECORD, 'group-1'],
    [signMembers(signer, MEMBERS), MEMBERS_RECORD, 'members-1'],
  ] as const) {
    assert.equal(made, record);
    assert.equal(recordName(record), name);
    assert.ok(verifyGroupRecord(record, trusting(signer), { tenant: TENANT }).ok);
  }
  assert.equal(signReceipt(signer, GROUP_RECEIPT), GROUP_RECEIPT_STATEMENT);
  assert.equal(hash('sha256', signHead(signer, GROUP_HEAD)), GROUP_HEAD_DIGEST);
});

test('heads and receipts without groups are the same as before groups existed', () => {
  const reads = ['account-3', 'head-2', 'receipt-2'];
  // Signed by the code from before groups. For the first versions known-answers.ts has the whole text.
  for (const [signed, digest] of [
    [
      signHead(signer, { ...HEAD, reads }),
      '6eb15217d7ea1d11a893e8b9c2e9baafa61d2f58455313aa38345bec40f78a47',
    ],
    [
      signReceipt(signer, { ...RECEIPT, reads }),
      '523409057a553ad98ed117adfc35500c4a578697934378d41acadd33387f42b1',
    ],
    [signReceipt(signer, CLOUD_RECEIPT), 'a9df5235251ca6cb84ef1ecb715b865698809f440eb8882097dab733273182d5'],
  ] as const)
    assert.equal(hash('sha256', signed), digest);
});

test('the fingerprint of a managed domain covers both of its keys, each in its place', async () => {
  const sealing = sealingPublicKey(await importSealingKey(SEALING_KEY)).publicKey;
  const receipts = signingPublicKey(signer).publicKey;
  // Computed with sha256sum and base32 of GNU coreutils over label, sealing key and receipt key.
  assert.equal(
    domainFingerprint(sealing, receipts),
    'HR35-YCK2-M5WT-D6FP-BCHA-KNGB-4MON-JTMG-IL2O-DFQY-6GUH-JBAQ-ZSTA',
  );
  assert.throws(() => domainFingerprint(receipts, sealing), /a sealing key of 1216 bytes/);
});
