import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptionType } from '@causeway/credentials';
import { toHex } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  BUCKET_LENGTH,
  decodeSecret,
  encodeSecret,
  MAX_SECRET_LENGTH,
  UnsupportedSecretVersion,
} from './sealed-secret.ts';
import { isSameSecret, someSecret } from './testing/fixtures.ts';

test('writes the documented layout', () => {
  const bytes = encodeSecret({
    ntHash: new Uint8Array(16).fill(0xaa),
    kerberosKeys: {
      salt: 'Rž',
      iterations: 4096,
      keys: [{ enctype: 17, key: new Uint8Array(16).fill(0xbb) }],
    },
  });
  const layout = [
    '01',
    'aa'.repeat(16),
    '01',
    '00001000',
    '0004',
    '52007e01',
    '00000011',
    '0010',
    'bb'.repeat(16),
  ];
  assert.equal(toHex(bytes).replace(/(00)+$/, ''), layout.join(''));
  assert.equal(bytes.length, BUCKET_LENGTH);
});

test('decodes a whole set, with keys or without', () => {
  const secret = someSecret();
  assert.ok(isSameSecret(decodeSecret(encodeSecret(secret)), secret));
  const alone = { ntHash: secret.ntHash };
  assert.ok(isSameSecret(decodeSecret(encodeSecret(alone)), alone));
  const none = { ntHash: secret.ntHash, kerberosKeys: { salt: 'x', iterations: 1, keys: [] } };
  assert.ok(isSameSecret(decodeSecret(encodeSecret(none)), alone), 'no keys are absent keys');
});

test('decoded values outlive the plaintext', () => {
  const plaintext = Buffer.from(encodeSecret(someSecret()));
  const secret = decodeSecret(plaintext);
  plaintext.fill(0);
  assert.ok(isSameSecret(secret, someSecret()));
});

test('the length reveals nothing of ordinary keys, and grows by buckets for others', () => {
  const { ntHash, kerberosKeys } = someSecret();
  assert.equal(encodeSecret({ ntHash }).length, encodeSecret({ ntHash, kerberosKeys }).length);
  const long = { ...kerberosKeys, salt: 'S'.repeat(1000) };
  const bytes = encodeSecret({ ntHash, kerberosKeys: long });
  assert.equal(bytes.length, 5 * BUCKET_LENGTH);
  assert.equal(decodeSecret(bytes).kerberosKeys?.salt, long.salt);
});

test('encodes any keys that a directory can yield: one of each type, with the longest salt', () => {
  const keys = Object.values(EncryptionType).map(enctype => ({ enctype, key: new Uint8Array(32) }));
  const kerberosKeys = { salt: 'S'.repeat(1024), iterations: 4096, keys };
  assert.ok(encodeSecret({ ntHash: new Uint8Array(16), kerberosKeys }).length <= MAX_SECRET_LENGTH);
});

test('refuses to encode sets above a limit', () => {
  const { ntHash, kerberosKeys } = someSecret();
  const keys = (count: number, length: number) =>
    Array.from({ length: count }, () => ({ enctype: 1, key: new Uint8Array(length) }));
  const cases: [Partial<typeof kerberosKeys>, RegExp][] = [
    [{ keys: keys(33, 1) }, /at most 32 keys/],
    [{ keys: keys(1, 257) }, /a key is longer/],
    [{ salt: 'x'.repeat(1025) }, /the salt is longer/],
    [{ keys: keys(20, 256) }, /take more than 4096/],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => encodeSecret({ ntHash, kerberosKeys: { ...kerberosKeys, ...change } }), message);
  }
  assert.throws(() => encodeSecret({ ntHash: new Uint8Array(15) }), /an NT hash has 16 bytes/);
});

test('rejects another version, dirty padding, a surplus bucket and a salt without keys', () => {
  const good = encodeSecret({ ntHash: new Uint8Array(16) });
  const changed = (at: number, value: number) => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };
  assert.throws(() => decodeSecret(changed(0, 2)), UnsupportedSecretVersion);
  assert.throws(() => decodeSecret(changed(511, 1)), { field: 'sealed.padding' });
  assert.throws(() => decodeSecret(Buffer.concat([good, new Uint8Array(512)])), { field: 'sealed.padding' });
  assert.throws(() => decodeSecret(changed(23, 2)), { field: 'sealed.salt' });
  assert.throws(() => decodeSecret(changed(23, 1)), { field: 'sealed.saltLength' });
  assert.throws(() => decodeSecret(new Uint8Array(8192)), { field: 'sealed.length', reason: 'limit' });
});

test('reads or rejects every truncation and mutation of a set', () => {
  truncationsAndMutations(encodeSecret(someSecret()), { seed: 11 }, bytes => {
    try {
      decodeSecret(bytes);
    } catch (error) {
      if (!(error instanceof UnsupportedSecretVersion)) throw error;
    }
  });
});
