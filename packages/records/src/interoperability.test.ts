// Tests records against other implementations: `jose` for the signature, `@hpke/core` with X-Wing for the sealing.
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';
import { XWing } from '@hpke/hybridkem-x-wing';
import { CompactSign, compactVerify } from 'jose';
import {
  type CredentialFields,
  CredentialSealer,
  exportSealingKey,
  exportSigningKey,
  generateSealingKey,
  generateSigningKey,
  openCredentialRecord,
  sealingPublicKey,
  signAccountRecord,
  signHead,
  signingPublicKey,
  signReceipt,
  signWithdrawal,
  verifyRecord,
} from './index.ts';
import { encodeSecret } from './sealed-secret.ts';
import {
  ACCOUNT,
  CREDENTIAL,
  ENTRIES,
  FIRST_RECEIPT,
  FOREST,
  HEAD,
  isSameSecret,
  partsOf,
  RECEIPT,
  RESTORED_CREDENTIAL,
  RESTORED_WITHDRAWAL,
  sealedBy,
  someSecret,
  TENANT,
  trusting,
  WITHDRAWAL,
} from './testing/fixtures.ts';

const signer = generateSigningKey();
const recipient = await generateSealingKey();
const recipientInfo = sealingPublicKey(recipient);
const other = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const info = new TextEncoder().encode('causeway credential record v1');

/** Written from docs/formats.md, without the package. */
function sortedJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, member]) => `${JSON.stringify(name)}:${sortedJson(member)}`).join(',')}}`;
}

function exporterContext(header: string, counter: number): ArrayBuffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(counter));
  const digest = createHash('sha256').update(header).digest();
  return arrayBuffer(Buffer.concat([Buffer.from('causeway credential key v1\0'), digest, number]));
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function ourPublicKey() {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: signingPublicKey(signer).publicKey },
    format: 'jwk',
  });
}

test('jose verifies an account record and reads what was signed', async () => {
  const record = signAccountRecord(signer, ACCOUNT);
  const { payload, protectedHeader } = await compactVerify(record, ourPublicKey(), { algorithms: ['EdDSA'] });
  const { keyId } = signingPublicKey(signer);
  assert.deepEqual(protectedHeader, { alg: 'EdDSA', kid: keyId, typ: 'causeway-account+jws' });
  assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), { version: 1, ...ACCOUNT });
  assert.equal(Buffer.from(payload).toString(), sortedJson({ version: 1, ...ACCOUNT }));
});

test('accepts a record that jose signed', async () => {
  const { keyId } = signingPublicKey(signer);
  const record = await new CompactSign(Buffer.from(sortedJson({ version: 1, ...ACCOUNT })))
    .setProtectedHeader({ alg: 'EdDSA', kid: keyId, typ: 'causeway-account+jws' })
    .sign(createPrivateKey(exportSigningKey(signer)));
  assert.equal(record, signAccountRecord(signer, ACCOUNT), 'Ed25519 and canonical JSON leave no choice');
  const result = verifyRecord(record, trusting(signer), { tenant: TENANT });
  assert.deepEqual(result, { ok: true, record: { kind: 'account', signerKeyId: keyId, ...ACCOUNT } });
});

test('jose verifies a withdrawal, and its own is accepted, for a restored forest too', async () => {
  for (const [version, fields] of [
    [1, WITHDRAWAL],
    [2, RESTORED_WITHDRAWAL],
  ] as const) {
    const record = signWithdrawal(signer, fields);
    const { payload, protectedHeader } = await compactVerify(record, ourPublicKey(), {
      algorithms: ['EdDSA'],
    });
    const { keyId } = signingPublicKey(signer);
    assert.deepEqual(protectedHeader, { alg: 'EdDSA', kid: keyId, typ: 'causeway-withdrawal+jws' });
    assert.equal(Buffer.from(payload).toString(), sortedJson({ version, ...fields }));
    const again = await new CompactSign(Buffer.from(sortedJson({ version, ...fields })))
      .setProtectedHeader({ alg: 'EdDSA', kid: keyId, typ: 'causeway-withdrawal+jws' })
      .sign(createPrivateKey(exportSigningKey(signer)));
    assert.equal(again, record);
    const result = verifyRecord(again, trusting(signer), { tenant: TENANT });
    assert.deepEqual(result, { ok: true, record: { kind: 'withdrawal', signerKeyId: keyId, ...fields } });
  }
});

test('jose verifies a head and a receipt, and signs the same text', async () => {
  const { keyId } = signingPublicKey(signer);
  for (const [typ, version, fields, signed] of [
    ['causeway-head+jws', 1, HEAD, signHead(signer, HEAD)],
    ['causeway-receipt+jws', 1, RECEIPT, signReceipt(signer, RECEIPT)],
    ['causeway-receipt+jws', 3, FIRST_RECEIPT, signReceipt(signer, FIRST_RECEIPT)],
  ] as const) {
    const { payload, protectedHeader } = await compactVerify(signed, ourPublicKey(), {
      algorithms: ['EdDSA'],
    });
    assert.deepEqual(protectedHeader, { alg: 'EdDSA', kid: keyId, typ });
    assert.equal(Buffer.from(payload).toString(), sortedJson({ version, ...fields }));
    const again = await new CompactSign(Buffer.from(sortedJson({ version, ...fields })))
      .setProtectedHeader({ alg: 'EdDSA', kid: keyId, typ })
      .sign(createPrivateKey(exportSigningKey(signer)));
    assert.equal(again, signed);
  }
});

test('computes the digests of a head from docs/formats.md, without the package', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest();
  const digests = Array.from({ length: 256 }, (_, bucket) => {
    const users = ENTRIES.filter(({ anchor }) => sha256(anchor)[0] === bucket);
    users.sort((a, b) => Buffer.compare(Buffer.from(a.anchor), Buffer.from(b.anchor)));
    const lines = users.map(user => `${user.anchor} ${user.accountSequence} ${user.credentialSequence}\n`);
    return sha256(lines.join('')).subarray(0, 16);
  });
  assert.equal(Buffer.concat(digests).toString('base64url'), HEAD.buckets);
});

for (const [version, fields] of [
  [2, CREDENTIAL],
  [3, RESTORED_CREDENTIAL],
] as const) {
  test(`another HPKE implementation opens a credential record of version ${version} with the exported key`, () =>
    opensOurs(version, fields));
  test(`opens a credential record of version ${version} that another HPKE implementation sealed and jose signed`, () =>
    isOpenedByUs(version, fields));
}

async function opensOurs(version: number, fields: CredentialFields): Promise<void> {
  const sealer = await CredentialSealer.open(recipientInfo);
  await sealedBy(sealer, signer, fields, someSecret());
  const record = await sealedBy(sealer, signer, fields, someSecret());
  await compactVerify(record.split('~')[0]!, ourPublicKey(), { algorithms: ['EdDSA'] });

  const { sealed, ...header } = partsOf(record).payload;
  const enc = Buffer.from(partsOf(record).encapsulation!, 'base64url');
  assert.equal(header.encapsulationDigest, createHash('sha256').update(enc).digest('base64url'));
  assert.deepEqual([header.version, header.counter], [version, 1]);
  const text = await exportSealingKey(recipient);
  const seed = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64').subarray(0, 32);
  const context = await other.createRecipientContext({
    recipientKey: await other.kem.importKey('raw', arrayBuffer(seed), false),
    enc: arrayBuffer(enc),
    info,
  });
  const key = await context.export(exporterContext(sortedJson(header), header.counter), 32);
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', new Uint8Array(key), new Uint8Array(12));
  decipher.setAAD(Buffer.from(sortedJson(header))).setAuthTag(bytes.subarray(-16));
  const opened = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
  assert.ok(opened.equals(encodeSecret(someSecret())));
}

async function isOpenedByUs(version: number, fields: CredentialFields): Promise<void> {
  const context = await other.createSenderContext({
    recipientPublicKey: await other.kem.deserializePublicKey(
      arrayBuffer(Buffer.from(recipientInfo.publicKey, 'base64url')),
    ),
    info,
  });
  const enc = Buffer.from(context.enc);
  const header = {
    version,
    ...fields,
    recipientKeyId: recipientInfo.keyId,
    counter: 7,
    encapsulationDigest: createHash('sha256').update(enc).digest('base64url'),
  };
  const key = await context.export(exporterContext(sortedJson(header), 7), 32);
  const cipher = createCipheriv('aes-256-gcm', new Uint8Array(key), new Uint8Array(12));
  cipher.setAAD(Buffer.from(sortedJson(header)));
  const sealed = Buffer.concat([
    cipher.update(encodeSecret(someSecret())),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  const jws = await new CompactSign(
    Buffer.from(sortedJson({ ...header, sealed: sealed.toString('base64url') })),
  )
    .setProtectedHeader({ alg: 'EdDSA', kid: signingPublicKey(signer).keyId, typ: 'causeway-credential+jws' })
    .sign(createPrivateKey(exportSigningKey(signer)));

  const record = `${jws}~${enc.toString('base64url')}`;
  const verified = verifyRecord(record, trusting(signer, FOREST), { tenant: TENANT });
  assert.ok(verified.ok && verified.record.kind === 'credential');
  const opened = await openCredentialRecord(verified.record, recipient);
  assert.ok(opened.ok && isSameSecret(opened, someSecret()));
}
