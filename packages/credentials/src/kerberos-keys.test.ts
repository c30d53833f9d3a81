import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeUtf16le, fromHex, toHex } from '@causeway/wire';
import { deriveKey, deriveKeySha2, stringToKey, wipeKeys } from './index.ts';
import { GMSA_PASSWORD } from './testing/known-answers.ts';

test('derives the keys that Windows and Samba store', () => {
  const p = 'Pa$$w0rd';
  const answers: [number, string, string][] = [
    [18, 'ADATUM.COMApril', '3a3b6a89bb82d112db5ef68f6db5d1afc2b806df61dcd85e3eacf3b85ee382d8'],
    [17, 'ADATUM.COMApril', 'a72c8bc96c4a6f03244f0b0067a1e440'],
    [18, 'CONTOSO.COMAdministrator', '660e61042b190b5724c62bb473facca12058fb9ad3c03c0d2809f839c0352502'],
    [17, 'CONTOSO.COMAdministrator', 'bd75e98362b16649ffbaed630d5341d0'],
    [18, 'ADATUM.COMuser02', '622fca1d12de1df65e840afd5f3b9844b18a72a82aed6e3e58c39257753fdfa8'],
    [17, 'ADATUM.COMuser02', '30666974cb729ef6bd44f8eab3296e5c'],
    [18, 'ADATUM.COMtest', '0f4eb676104ad1fcac9a8fb9f2a19d6477c52ca584b4be6894851d469bf1049c'],
    [18, 'SRC.TESTalice', '82b54a15a3be05afc6302f148200f75215cf18a4339aa87e8924252796059f53'],
    [17, 'SRC.TESTalice', '9f563ba1e93ef0fac1998e855e0f3344'],
    [18, 'SRC.TESTkatuser', '2fdf8f33e08fac5a9dd48554984691184fb3efbc4ee848f8a3390f68d47fd171'],
    [17, 'SRC.TESTkatuser', 'c65e3a7bcf7585e07ded89675379b266'],
    [18, 'CORP.EXAMPLE.COMjoe.bloggs', 'cb9f5b41993b92ad6332f760398f91434e6cb82d71812936d41da1262568eec6'],
    [17, 'CORP.EXAMPLE.COMjoe.bloggs', '790cd0e6c7885ca912dda88e4c6361d2'],
  ];
  for (const [enctype, salt, key] of answers) assert.equal(toHex(stringToKey(enctype, p, salt)), key, salt);
});

test('derives the keys of RFC 3962, appendix B', () => {
  const raeburn = 'ATHENA.MIT.EDUraeburn';
  const answers: [string, string, number, string, string][] = [
    [
      'password',
      raeburn,
      1,
      '42263c6e89f4fc28b8df68ee09799f15',
      'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161',
    ],
    [
      'password',
      raeburn,
      2,
      'c651bf29e2300ac27fa469d693bdda13',
      'a2e16d16b36069c135d5e9d2e25f896102685618b95914b467c67622225824ff',
    ],
    [
      'password',
      raeburn,
      1200,
      '4c01cd46d632d01e6dbe230a01ed642a',
      '55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a',
    ],
    [
      'X'.repeat(64),
      'pass phrase equals block size',
      1200,
      '59d1bb789a828b1aa54ef9c2883f69ed',
      '89adee3608db8bc71f1bfbfe459486b05618b70cbae22092534e56c553ba4b34',
    ],
    [
      'X'.repeat(65),
      'pass phrase exceeds block size',
      1200,
      'cb8005dc5f90179a7f02104c0018751d',
      'd78c5c9cb872a8c9dad4697f0bb5b2d21496c82beb2caeda2112fceea057401b',
    ],
    [
      '\u{1d11e}',
      'EXAMPLE.COMpianist',
      50,
      'f149c1f2e154a73452d43e7fe62a56e5',
      '4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e',
    ],
  ];
  for (const [password, salt, iterations, aes128, aes256] of answers) {
    assert.equal(toHex(stringToKey(17, password, salt, iterations)), aes128, salt);
    assert.equal(toHex(stringToKey(18, password, salt, iterations)), aes256, salt);
  }
});

test('reads unpaired surrogates of a binary password as U+FFFD', () => {
  const key = stringToKey(18, decodeUtf16le(GMSA_PASSWORD), 'CONTOSO.COMhostsvc_adfs.contoso.com');
  assert.equal(toHex(key), '5dcc418cd0a30453b267e6e5b158be4b4d80d23fd72a6ae4d5bd07f023517117');
});

test('derives the keys of RFC 8009, appendix A', () => {
  const random = fromHex('10df9dd783e5bc8acea1730e74355f61');
  const salt = Buffer.concat([random, Buffer.from('ATHENA.MIT.EDUraeburn')]);
  assert.equal(toHex(stringToKey(19, 'password', salt)), '089bca48b105ea6ea77ca5d2f39dc5e7');
  assert.equal(
    toHex(stringToKey(20, 'password', salt)),
    '45bd806dbf6a833a9cffc1c94589a222367a79bc21c413718906e9f578a78467',
  );
});

test("derives RFC 8009's keys for a usage with HMAC", () => {
  const base = fromHex('3705d96080c17728a0e800eab6e0d23c');
  const usage = (last: number) => deriveKeySha2('sha256', base, Uint8Array.of(0, 0, 0, 2, last), 16);
  assert.equal(toHex(usage(0x99)), 'b31a018a48f54776f403e9a396325dc3');
  assert.equal(toHex(usage(0xaa)), '9b197dd1e8c5609d6e67c3e37c62c72e');
  assert.equal(toHex(usage(0x55)), '9fda0e56ab2d85e1569a688696c26a6c');
});

test('deriving leaves the base key unchanged and folds a short constant', () => {
  const base = fromHex('000102030405060708090a0b0c0d0e0f');
  const folded = fromHex('6b65726265726f737b9b5b2b93132b93');
  assert.deepEqual(deriveKey(base, new TextEncoder().encode('kerberos')), deriveKey(base, folded));
  assert.equal(toHex(base), '000102030405060708090a0b0c0d0e0f');
  assert.equal(toHex(folded), '6b65726265726f737b9b5b2b93132b93');
});

test('takes the NT hash as the RC4-HMAC key', () => {
  assert.equal(toHex(stringToKey(23, 'foo', '')), 'ac8e657f83df82beea5d43bdaf7800cc');
});

test('rejects other types, and iterations out of range', () => {
  assert.throws(() => stringToKey(3, 'x', 'y'), /no string-to-key for encryption type 3/);
  for (const iterations of [0, 1.5, 2 ** 32 - 1]) {
    assert.throws(() => stringToKey(18, 'x', 'y', iterations), /iterations expected/);
  }
});

test('wiping leaves zeros', () => {
  const keys = { salt: 's', iterations: 1, keys: [{ enctype: 18, key: new Uint8Array(32).fill(7) }] };
  wipeKeys(keys);
  assert.ok(keys.keys[0]!.key.every(byte => byte === 0));
});
