import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { ntHash, Rc4 } from '@causeway/credentials';
import { DecodeError, encodeUtf16le, fromHex, toHex } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { SignatureError } from '../dcerpc/security.ts';
import { recordedChallenge } from '../testing/test-server.ts';
import { encodeClientChallenge, NtlmClient, ntowfV2 } from './client.ts';
import { AvId, decodeChallenge, encodeAvPairs, NtlmFlag, OFFERED_FLAGS } from './messages.ts';
import { deriveKey, NtlmStream } from './session.ts';

const exportedKey = new Uint8Array(16).fill(0x55);
const clientChallenge = new Uint8Array(8).fill(0xaa);
const serverChallenge = fromHex('0123456789abcdef');
const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Uint8Array =>
  parts.reduce((mac, part) => mac.update(part), createHmac('md5', key)).digest();

const challengeMessage = recordedChallenge();

function client(): NtlmClient {
  return new NtlmClient({
    domain: 'SRC',
    user: 'svcsync',
    ntHash: ntHash('Sync-Passw0rd1'),
    targetName: 'ldap/dc30.src.test',
    clientChallenge,
    exportedSessionKey: exportedKey,
    now: 0n,
  });
}

test('derives the keys of [MS-NLMP] 4.2.4', () => {
  const responseKey = ntowfV2(ntHash('Password'), 'User', 'Domain');
  assert.equal(toHex(responseKey), '0c868a403bfd7a93a3001ef22ef02e3f');
  const targetInfo = encodeAvPairs([
    { id: 2, value: encodeUtf16le('Domain') },
    { id: 1, value: encodeUtf16le('Server') },
  ]);
  const proof = hmac(responseKey, serverChallenge, encodeClientChallenge(0n, clientChallenge, targetInfo));
  assert.equal(toHex(proof), '68cd0ab851e51c96aabc927bebef6a1c');
  assert.equal(
    toHex(hmac(responseKey, serverChallenge, clientChallenge)),
    '86c35097ac9cec102554764a57cccc19',
  );
  const baseKey = hmac(responseKey, proof);
  assert.equal(toHex(baseKey), '8de40ccadbc14a82f15cb0ad0de95ca3');
  assert.equal(toHex(new Rc4(baseKey).process(exportedKey)), 'c5dad2544fc9799094ce1ce90bc9d03e');
});

test("upper-cases a user's name as Windows does, which leaves some letters that JavaScript changes", () => {
  // HMAC-MD5 by Python, over the upper case in the comment.
  const known = [
    ['Straße', 'd63cd23eda76b551cec5780aa8f94b13'], // STRAßE
    ['José.öztürk', 'cc68a6d34ebc8360b2946c61b787dd79'], // JOSÉ.ÖZTÜRK
    ['ıſµςŉǰﬁΐ', '7507bf1564c592778e05dc2e8e527d4a'], // unchanged
    ['ᾳ', '573ceb944dc3b0d59f05fce09ebb2f50'], // ᾼ
    ['𐐨𐐀', '384a6d913e487255f15e7355fea1bb70'], // unchanged
  ] as const;
  for (const [user, key] of known) assert.equal(toHex(ntowfV2(ntHash('Password'), user, 'Domain')), key);
});

test('derives the session keys of [MS-NLMP] 4.2.4.4', () => {
  const keys = (['client-to-server', 'server-to-client'] as const).flatMap(direction => [
    toHex(deriveKey(exportedKey, direction, 'sealing')),
    toHex(deriveKey(exportedKey, direction, 'signing')),
  ]);
  assert.deepEqual(keys, [
    ...['59f600973cc4960a25480a7c196e4c58', '4788dc861b4782f35d43fd98fe1a2d39'],
    ...['9355f3a957c1583d25c4c2f11e40390e', 'd04d6f10741041d1d246d64188d7a8ad'],
  ]);
});

test('seals a message as in [MS-NLMP] 4.2.4.4, and only the other side opens it', () => {
  const none = new Uint8Array(0);
  const body = encodeUtf16le('Plaintext');
  const signature = new NtlmStream(exportedKey, 'client-to-server').seal(none, body, none);
  assert.equal(toHex(body), '54e50165bf1936dc996020c1811b0f06fb5f');
  assert.equal(toHex(signature), '010000007fb38ec5c55d497600000000');

  new NtlmStream(exportedKey, 'client-to-server').unseal(none, body.slice(), none, signature);
  assert.throws(
    () => new NtlmStream(exportedKey, 'server-to-client').unseal(none, body.slice(), none, signature),
    SignatureError,
  );
  const altered = body.slice();
  altered[3]! ^= 1;
  assert.throws(
    () => new NtlmStream(exportedKey, 'client-to-server').unseal(none, altered, none, signature),
    SignatureError,
  );
});

test('rejects a replayed message', () => {
  const none = new Uint8Array(0);
  const body = encodeUtf16le('once');
  const signature = new NtlmStream(exportedKey, 'client-to-server').seal(none, body, none);
  const receiver = new NtlmStream(exportedKey, 'client-to-server');
  receiver.unseal(none, body.slice(), none, signature);
  assert.throws(() => receiver.unseal(none, body.slice(), none, signature), SignatureError);
});

test('offers the flags of the recorded NEGOTIATE', () => {
  assert.equal(OFFERED_FLAGS, 0xe288_8235);
});

test('reads domain, names and time from the recorded CHALLENGE', () => {
  const challenge = decodeChallenge(challengeMessage);
  assert.equal(challenge.flags, 0xe289_8235);
  assert.deepEqual(
    challenge.targetInfo.map(pair => pair.id),
    [2, 1, 4, 3, AvId.timestamp],
  );
});

for (const name of ['extendedSessionSecurity', 'strong128', 'keyExchange', 'sign', 'seal'] as const) {
  test(`refuses a server that does not agree to ${name}`, () => {
    const weak = challengeMessage.slice();
    const flags = new DataView(weak.buffer);
    flags.setUint32(20, flags.getUint32(20, true) & ~NtlmFlag[name], true);
    assert.throws(() => client().finish(weak), DecodeError);
  });
}

test('sends an LMv2 response and our own time to a server without a time', () => {
  const infoAt = challengeMessage.length - 88;
  const timeless = challengeMessage.slice();
  timeless[infoAt + 72] = 0x55; // the timestamp's AvId becomes an unknown one
  const authenticate = client().finish(timeless);
  const lmResponse = authenticate.subarray(88, 112);
  assert.equal(toHex(lmResponse.subarray(16)), toHex(clientChallenge));
  assert.ok(lmResponse.subarray(0, 16).some(byte => byte !== 0));
});

test('seals nothing before the handshake, nor after the keys are wiped', () => {
  const early = client();
  const none = new Uint8Array(0);
  assert.throws(() => early.seal(none, none, none), /before the handshake/);
  early.finish(challengeMessage);
  early.wipe();
  assert.throws(() => early.seal(none, none, none));
  assert.ok(early.sessionKey.every(byte => byte === 0));
});

test('reads or rejects by field every truncated or altered CHALLENGE', () => {
  truncationsAndMutations(challengeMessage, { seed: 11 }, bytes => void client().finish(bytes));
});
