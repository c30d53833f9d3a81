import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, fromHex, toHex } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  addRidLayer,
  openReplicationPayload,
  parseSupplementalCredentials,
  removeRidLayer,
} from './index.ts';
import { REPLICATED_BLOB } from './testing/known-answers.ts';

/** Session key, payload, RID, result: DSInternals ReplicationSecretDecryptorTester, then a live Samba 4.17. */
const SECRETS: [string, string, string, number, string][] = [
  [
    'NT hash',
    'b0133bfc9ce59c805dd15d5872e247c5',
    'e650e0179becf540e1e6dbe37deb38b379618228d74d9ff7e08a588c2a6fbd511ad78f61',
    500,
    '92937945b518814341de3f726500d4ff',
  ],
  [
    'LM hash',
    '7dfee67fc2476e6bc1b68563e5ee7614',
    'fd2db3a4edba8fb08cf372b701449c1c28ddb6fcd70226fa571d490f9798f30efe6454fc',
    35093,
    '727e3576618fa1754a3b108f3fa6cb6d',
  ],
  [
    'history',
    'f029c008decee208f36450cc1f767892',
    '491e1b5e8ff95982ccedc4ff2c50ad5fe154650df83e8430ede739271da2e03d9aa99aa8d4b598ef56c9650eb71a233a9fd580f4d9c2dbc33f92e0002e1d2901050fb5d7f66ca3555e5befbf322cd23c1eeaaf7c',
    1375,
    'a4ff9743bdda4849cb2108d2ceb5c5b9185418d4b03fb6cfe90e71402220e8074fed6755410545c28b519f30e02d54a292937945b518814341de3f726500d4ff',
  ],
  [
    'Samba test',
    'a1b2c3d4e1f203142132435461728394',
    '95b2e802055efd3d7d17b9764d91ed5998797afc387328556227993bd018bd235d98fea8',
    514,
    '01020304010203040102030401020304',
  ],
  [
    'live Samba',
    '55555555555555555555555555555555',
    '27ddad5d1655b3cbf0960dfcfc86ea7126c7add9d481f164490aee639168db7f36710a73',
    3105,
    '92937945b518814341de3f726500d4ff',
  ],
];

test('removes envelope and RID layer as DSInternals and Samba do', () => {
  for (const [name, key, payload, rid, hash] of SECRETS) {
    const data = openReplicationPayload(fromHex(key), fromHex(payload), name);
    assert.equal(toHex(removeRidLayer(data, rid)), hash, name);
    assert.deepEqual(addRidLayer(removeRidLayer(data, rid), rid), data, name);
  }
});

test('a value without RID layer is the data itself (Samba test_repl_decrypt)', () => {
  const payload = 'ff5c583fd441cab014fefba6b03245459d7675d2fb3477bd8c1e091af1abd30ebe80ab19fc';
  const data = openReplicationPayload(fromHex('a1b2c3d4e1f203142132435461728394'), fromHex(payload), 'x');
  assert.equal(toHex(data), '0102030401020304010203040102030405');
});

test('rejects a wrong checksum (Samba test_repl_decrypt)', () => {
  const payload = 'ff5c583fd441cab014fefba6b03245459d7675d2fb3477bd8c1e091af1abd30ebe80ab19ff';
  assert.throws(
    () => openReplicationPayload(fromHex('a1b2c3d4e1f203142132435461728394'), fromHex(payload), 'unicodePwd'),
    (e: unknown) => e instanceof DecodeError && e.field === 'unicodePwd' && /checksum/.test(e.message),
  );
});

test('rejects a payload that is too short, RID 0 and half a hash', () => {
  assert.throws(() => openReplicationPayload(new Uint8Array(16), new Uint8Array(19), 'unicodePwd'), {
    field: 'unicodePwd',
    reason: 'truncated',
  });
  assert.throws(() => removeRidLayer(new Uint8Array(16), 0), { field: 'rid' });
  assert.throws(() => removeRidLayer(new Uint8Array(16), 2 ** 32), { field: 'rid' });
  assert.throws(() => removeRidLayer(new Uint8Array(17), 500), { field: 'hash' });
});

test('uses all four bytes of a RID', () => {
  const hash = Uint8Array.from({ length: 16 }, (_, i) => i);
  assert.notDeepEqual(addRidLayer(hash, 0xff000001), addRidLayer(hash, 0x01));
  assert.deepEqual(removeRidLayer(addRidLayer(hash, 0xff000001), 0xff000001), hash);
});

test('opens the envelope of supplementalCredentials (DSInternals)', () => {
  const data = openReplicationPayload(fromHex('62a65b7b549b2bf5f5426feec9cf9536'), REPLICATED_BLOB, 'x');
  assert.equal(data.length, 2657);
  const { kerberosKeys, packages } = parseSupplementalCredentials(data);
  assert.deepEqual(packages, ['Kerberos-Newer-Keys', 'Kerberos', 'WDigest', 'CLEARTEXT']);
  assert.equal(kerberosKeys?.salt, 'ADATUM.COMApril');
  assert.deepEqual(
    kerberosKeys.keys.map(k => [k.enctype, toHex(k.key)]),
    [
      [18, 'f393e57bd56648537775df675da349bc93bc338ce33da861b7b2da7a273811e7'],
      [17, '998d4c71c1eb840daf9f492ca34b2376'],
      [3, '52d040e03e6ba226'],
    ],
  );
});

test('opens or rejects every truncation and mutation of a payload', () => {
  for (const [name, key, payload, rid] of SECRETS) {
    truncationsAndMutations(fromHex(payload), { seed: rid }, bytes => {
      removeRidLayer(openReplicationPayload(fromHex(key), bytes, name), rid);
    });
  }
});
