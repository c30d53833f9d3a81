import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addRidLayer, buildSupplementalCredentials, EncryptionType } from '@causeway/credentials';
import { decodeReply } from '@causeway/protocols';
import { encodeReply, sealSecret } from '@causeway/protocols/testing';
import { DecodeError, encodeSid, encodeUtf16le } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { decodeUser, wipeUser } from './decode-user.ts';

const SESSION_KEY = new Uint8Array(16).fill(5);
const SESSION = { sessionKey: SESSION_KEY, directory: undefined };
const SALT = new Uint8Array(16).fill(7);
const keys = [
  { enctype: EncryptionType.aes256, key: new Uint8Array(32).fill(1) },
  { enctype: EncryptionType.aes128, key: new Uint8Array(16).fill(2) },
];
const SUPPLEMENTAL = buildSupplementalCredentials(
  { salt: 'SRC.TESTuser', iterations: 4096, keys },
  n => new Uint8Array(n),
);

/** A reply with one user who has every attribute that is asked for. The secrets are as they come out of the envelope. */
const replyWith = (
  hash: Uint8Array,
  supplemental: Uint8Array,
  { timeChanged = 13_300_000_000n, sid = encodeSid('S-1-5-21-1-2-3-1105') } = {},
): Uint8Array =>
  encodeReply({
    objects: [
      {
        guid: '00000000-0000-0000-0000-000000000001',
        name: 'CN=user,DC=src,DC=test',
        attributes: [
          {
            type: 0x9_005a,
            values: [sealSecret(SESSION_KEY, SALT, hash)],
            metaData: {
              version: 2,
              timeChanged,
              invocationId: '8f970554-6d72-46cd-ae74-65f0c490ace3',
              usn: 7n,
            },
          },
          { type: 0x9_007d, values: [sealSecret(SESSION_KEY, SALT, supplemental)] },
          { type: 0x9_0008, values: [Uint8Array.of(0, 2, 0, 0)] },
          { type: 0x9_0060, values: [Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 1)] },
          { type: 0x9_0092, values: [sid] },
          { type: 0x9_00dd, values: [encodeUtf16le('user')] },
          { type: 0x9_0290, values: [encodeUtf16le('user@src.test')] },
        ],
      },
    ],
    to: 9n,
  });

const HASH = addRidLayer(new Uint8Array(16).fill(3), 1105);

function decodeAll(reply: Uint8Array): void {
  const { objects, prefixTable } = decodeReply(reply);
  for (const object of objects) {
    const user = decodeUser(object, prefixTable, SESSION);
    if (user) wipeUser(user);
  }
}

test('reports a problem with a name for every truncated or altered reply, and never throws', () => {
  const reply = replyWith(HASH, SUPPLEMENTAL);
  const { objects, prefixTable } = decodeReply(reply);
  const user = decodeUser(objects[0]!, prefixTable, SESSION);
  assert.ok(user && user.problem === undefined && typeof user.ntHash !== 'string');
  truncationsAndMutations(reply, { seed: 51 }, decodeAll);
});

test('reports an impossible time or SID with the name of its field, and keeps the other users', () => {
  const withoutRid = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 5);
  for (const [change, problem] of [
    [{ timeChanged: 2n ** 60n }, /^PROPERTY_META_DATA_EXT\.timeChanged: /],
    [{ sid: withoutRid }, /^SID\.SubAuthorityCount: 1 to 15 expected, 0 came/],
  ] as const) {
    const { objects, prefixTable } = decodeReply(replyWith(HASH, SUPPLEMENTAL, change));
    const user = decodeUser(objects[0]!, prefixTable, SESSION)!;
    assert.match(user.problem!, problem);
    assert.deepEqual([user.ntHash, user.kerberosKeys], ['absent', 'absent']);
  }
});

test('reports secrets that decrypt to no secrets, and keeps the other users', () => {
  const decodeSecrets = (hash: Uint8Array, supplemental: Uint8Array): void => {
    try {
      decodeAll(replyWith(hash, supplemental));
    } catch (error) {
      assert.ok(!(error instanceof DecodeError), 'a problem of one user ended the page');
      throw error;
    }
  };
  truncationsAndMutations(HASH, { seed: 52 }, bytes => decodeSecrets(bytes, SUPPLEMENTAL));
  truncationsAndMutations(SUPPLEMENTAL, { seed: 53 }, bytes => decodeSecrets(HASH, bytes));
});
