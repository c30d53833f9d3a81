import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import {
  exportSealingKey,
  exportSigningKey,
  generateSealingKey,
  generateSigningKey,
  importSealingKey,
  importSigningKey,
  normalizeFingerprint,
  publicKeyInfo,
  sealingPublicKey,
  signingPublicKey,
} from './index.ts';

test('exports a signing key as PKCS#8 PEM and imports it again', () => {
  const key = generateSigningKey();
  const again = importSigningKey(exportSigningKey(key));
  assert.deepEqual(signingPublicKey(again), signingPublicKey(key));
  assert.deepEqual(publicKeyInfo('signing', signingPublicKey(key).publicKey), signingPublicKey(key));
});

test('rejects another key, a public key and garbage as a signing key', () => {
  const { privateKey } = generateKeyPairSync('x25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  assert.throws(() => importSigningKey(pem), /Ed25519 private key expected, got x25519/);
  const spki = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
  for (const text of [spki, '', 'garbage'])
    assert.throws(() => importSigningKey(text), /PKCS#8 PEM expected/);
});

test('exports a sealing key as text and imports it again', async () => {
  const key = await generateSealingKey();
  const text = await exportSealingKey(key);
  assert.match(text, /^-----BEGIN CAUSEWAY SEALING KEY-----\n/);
  assert.deepEqual(sealingPublicKey(await importSealingKey(text)), sealingPublicKey(key));
  assert.deepEqual(
    sealingPublicKey(await importSealingKey(text.replaceAll('\n', '\r\n'))),
    sealingPublicKey(key),
  );
});

test('rejects garbage, and a sealing key whose halves do not belong together', async () => {
  const [a, b] = await Promise.all([generateSealingKey(), generateSealingKey()]);
  const [first, second] = await Promise.all([exportSealingKey(a), exportSealingKey(b)]);
  const halves = (text: string) => Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64');
  const mixed = Buffer.concat([halves(first).subarray(0, 32), halves(second).subarray(32)]);
  const text = [first.split('\n')[0], mixed.toString('base64'), first.split('\n').at(-2)].join('\n');
  await assert.rejects(importSealingKey(text), /do not belong together/);
  for (const bad of ['', 'x', first.slice(0, -60), first.replace('BEGIN', 'END'), 'A'.repeat(5000)]) {
    await assert.rejects(importSealingKey(bad), /a sealing key expected/);
  }
});

test('rejects a public key of another length or alphabet', () => {
  const { publicKey } = signingPublicKey(generateSigningKey());
  assert.throws(() => publicKeyInfo('sealing', publicKey), /a sealing key of 1216 bytes/);
  for (const bad of [
    '',
    `${publicKey}=`,
    publicKey.slice(1),
    `${publicKey.slice(0, -1)}+`,
    ` ${publicKey}`,
  ]) {
    assert.throws(() => publicKeyInfo('signing', bad), /a signing key of 32 bytes/);
  }
});

test('a fingerprint is all of SHA-256 over label and key, and the key id is its beginning', () => {
  // RFC 8032, 7.1, test 1. The digest was computed with sha256sum and base32 of GNU coreutils.
  const raw = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
  const info = publicKeyInfo('signing', raw.toString('base64url'));
  assert.equal(info.fingerprint, '4UUZ-2NJQ-IJ4H-Z7GT-YYCV-HSUB-XIR4-36GN-MD6B-VJLT-YIOQ-DDN6-UCCA');
  assert.equal(info.keyId, info.fingerprint.replaceAll('-', '').slice(0, 16));
});

test('accepts a fingerprint as people type it', () => {
  const { fingerprint } = signingPublicKey(generateSigningKey());
  const bare = fingerprint.replaceAll('-', '');
  for (const typed of [fingerprint, bare, bare.toLowerCase(), ` ${fingerprint.replaceAll('-', ' ')}\n`]) {
    assert.equal(normalizeFingerprint(typed), fingerprint);
  }
  for (const bad of [
    '',
    bare.slice(1),
    `${bare}A`,
    bare.replace(/^./, '1'),
    `${bare.slice(0, -1)}B`,
    ' '.repeat(300),
  ]) {
    assert.equal(normalizeFingerprint(bad), undefined);
  }
});
