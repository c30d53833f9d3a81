import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '@causeway/wire';
import { desDecryptBlock, desEncryptBlock, isHashOfEmptyPassword, md4, nfold, ntHash, Rc4 } from './index.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

test('computes the MD4 digests of RFC 1320', () => {
  const digests: [string, string][] = [
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
  ];
  for (const [text, digest] of digests) assert.equal(toHex(md4(ascii(text))), digest, text);
});

test('MD4 pads correctly at the edges of a block', () => {
  const digests: [number, string][] = [
    [55, 'c889c81dd86c4d2e025778944ea02881'],
    [56, 'd5f9a9e9257077a5f08b0b92f348b0ad'],
    [63, '7ea3da77432d44c323671097d1348fc8'],
    [64, '52f5076fabd22680234a3fa9f9dc5732'],
    [65, '330e377bf231f3cacfecc2c182fe7e5b'],
    [119, 'e65dd227ccef97fa1d34d70189120f76'],
    [120, 'b03ddbd470b47c013e0c7ab2ddd763db'],
    [1000, '5f1bf26a8067c9159b91f1440f7c9e8a'],
  ];
  for (const [count, digest] of digests)
    assert.equal(toHex(md4(ascii('a'.repeat(count)))), digest, `${count}`);
});

test('RC4 produces the known stream, in one call or many', () => {
  assert.equal(toHex(new Rc4(ascii('Key')).process(ascii('Plaintext'))), 'bbf316e8d940af0ad3');
  // RFC 6229, key of 128 bits.
  const cipher = new Rc4(fromHex('0102030405060708090a0b0c0d0e0f10'));
  assert.equal(toHex(cipher.process(new Uint8Array(16))), '9ac7cc9a609d1ef7b2932899cde41b97');
  cipher.processInPlace(new Uint8Array(4096 - 16));
  assert.equal(toHex(cipher.process(new Uint8Array(16))), 'a36a4c301ae8ac13610ccbc12256cacc');
  assert.throws(() => new Rc4(new Uint8Array(0)), RangeError);
  assert.throws(() => new Rc4(new Uint8Array(257)), RangeError);
});

test('DES encrypts the known block and decrypts it again', () => {
  const key = fromHex('0123456789abcdef');
  const block = desEncryptBlock(key, ascii('Now is t'));
  assert.equal(toHex(block), '3fa40e8a984d4815');
  assert.deepEqual(desDecryptBlock(key, block), ascii('Now is t'));
  assert.throws(() => desEncryptBlock(new Uint8Array(7), block), RangeError);
  assert.throws(() => desDecryptBlock(key, new Uint8Array(16)), RangeError);
});

test('DES uses every entry of its tables (Rivest, "Testing implementations of DES")', () => {
  // X(i+1) = E(X(i), X(i)) where i is even, D where it is odd; any single fault gives another X16.
  let x = fromHex('9474b8e8c73bca7d');
  for (let i = 0; i < 16; i++) x = i % 2 === 0 ? desEncryptBlock(x, x) : desDecryptBlock(x, x);
  assert.equal(toHex(x), '1b1a2ddb4c642438');
});

test('computes the n-fold answers of RFC 3961, A.1', () => {
  const answers: [number, string, string][] = [
    [64, '012345', 'be072631276b1955'],
    [56, 'password', '78a07b6caf85fa'],
    [64, 'Rough Consensus, and Running Code', 'bb6ed30870b7f0e0'],
    [168, 'password', '59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e'],
    [192, 'MASSACHVSETTS INSTITVTE OF TECHNOLOGY', 'db3b0d8f0b061e603282b308a50841229ad798fab9540c1b'],
    [168, 'Q', '518a54a215a8452a518a54a215a8452a518a54a215'],
    [168, 'ba', 'fb25d531ae8974499f52fd92ea9857c4ba24cf297e'],
    [128, 'kerberos', '6b65726265726f737b9b5b2b93132b93'],
  ];
  for (const [bits, text, folded] of answers) assert.equal(toHex(nfold(ascii(text), bits / 8)), folded, text);
});

test('the NT hash is MD4 over UTF-16LE, with surrogates unchanged', () => {
  const hashes: [string, string][] = [
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['password', '8846f7eaee8fb117ad06bdd830b7586c'],
    ['Password', 'a4f49c406510bdcab6824ee7c30fd852'],
    ['Pa$$w0rd', '92937945b518814341de3f726500d4ff'],
    ['P@ssw0rd', 'e19ccf75ee54e06b06a5907af13cef42'],
    ['Příliš žluťoučký kůň', '68d03741340dc88f1cc2852fe41ed3e0'],
    ['😀emoji', 'cccb0bfa4f0b7eb8bae77d40a7debf80'],
  ];
  for (const [password, hash] of hashes) assert.equal(toHex(ntHash(password)), hash, password);
});

test('recognizes the hash of the empty password, and no other', () => {
  assert.ok(isHashOfEmptyPassword(ntHash('')));
  assert.ok(!isHashOfEmptyPassword(ntHash(' ')));
  assert.ok(!isHashOfEmptyPassword(new Uint8Array(0)));
  assert.ok(!isHashOfEmptyPassword(new Uint8Array(16)));
});
