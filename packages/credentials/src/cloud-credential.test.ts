import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, fromHex, toHex } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { deriveCloudCredential, ntHash, parseCloudCredential, verifyCloudCredential } from './index.ts';

/** The first two come from DSInternals' OrgIdHashTester. */
const ANSWERS: [Uint8Array, string][] = [
  [
    ntHash('Pa$$w0rd'),
    'v1;PPH1_MD4,181a3024085fcee2f70e,1000,b39525c3bc72a1136fcf7c8a338e0c14313d0450d1a4c98ef0a6ddada3bc5b0a;',
  ],
  [
    ntHash(''),
    'v1;PPH1_MD4,01cda06eceb9d9bc2621,1000,9d4fc778add44776555d3fa6ccb4f9637f25e34a62dbc5fa0f782ef8c762c902;',
  ],
  [
    fromHex('8846f7eaee8fb117ad06bdd830b7586c'),
    'v1;PPH1_MD4,00112233445566778899,1000,9ffb6cdb25b9bf88f869082fcb5bc58a7ec0c5d317b126a8ab4ec316c053cd11;',
  ],
];
const TEXT = ANSWERS[0]![1];

test('derives the same cloud credential as the original', async () => {
  for (const [hash, text] of ANSWERS) {
    const { salt } = parseCloudCredential(text);
    assert.equal(await deriveCloudCredential(hash, salt), text);
    assert.equal(await verifyCloudCredential(text, hash), true);
  }
});

test('does not verify another hash, salt or iteration count', async () => {
  const hash = ntHash('Pa$$w0rd');
  assert.equal(await verifyCloudCredential(TEXT, ntHash('Pa$$w0rD')), false);
  assert.equal(await verifyCloudCredential(TEXT.replace('181a', '181b'), hash), false);
  assert.equal(await verifyCloudCredential(TEXT.replace(',1000,', ',999,'), hash), false);
});

test('parses a cloud credential into its parts', () => {
  const { salt, iterations, hash } = parseCloudCredential(TEXT);
  assert.deepEqual([toHex(salt), iterations, hash.length], ['181a3024085fcee2f70e', 1000, 32]);
});

test('rejects anything but the exact format with the name of the field', async () => {
  const cases: [string, string][] = [
    ['', 'version'],
    [TEXT.replace('v1', 'v2'), 'version'],
    [TEXT.replace('MD4', 'MD5'), 'version'],
    [TEXT.slice(0, -1), 'end'],
    [TEXT.replace('181a', '181A'), 'salt'],
    [TEXT.replace('181a', '18'), 'salt'],
    [TEXT.replace(',1000', ''), 'iterations'],
    [TEXT.replace('1000', '0'), 'iterations'],
    [TEXT.replace('1000', '01'), 'iterations'],
    [TEXT.replace('1000', '1e3'), 'iterations'],
    [TEXT.replace('1000', '1001'), 'iterations'],
    [TEXT.replace('1000', ' 100'), 'iterations'],
    [TEXT.replace('b395', 'B395'), 'hash'],
    [TEXT.replace('b395', ''), 'hash'],
    [TEXT.replace('1000', '1').replace('0a;', '0a,;'), 'end'],
  ];
  for (const [text, field] of cases) {
    assert.throws(() => parseCloudCredential(text), { field: `cloudCredential.${field}` }, text);
    await assert.rejects(verifyCloudCredential(text, ntHash('x')), DecodeError);
  }
  assert.throws(() => parseCloudCredential(`${TEXT} `), { field: 'cloudCredential', reason: 'limit' });
});

test('rejects a hash or salt of a wrong length', async () => {
  await assert.rejects(deriveCloudCredential(new Uint8Array(15), new Uint8Array(10)), RangeError);
  await assert.rejects(deriveCloudCredential(new Uint8Array(16), new Uint8Array(16)), RangeError);
});

test('parses or rejects every truncation and mutation of a cloud credential', () => {
  truncationsAndMutations(Buffer.from(TEXT, 'latin1'), { seed: 7 }, bytes => {
    parseCloudCredential(Buffer.from(bytes).toString('latin1'));
  });
});
