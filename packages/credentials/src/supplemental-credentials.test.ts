import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf16le, fromHex, toHex, Writer } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  buildSupplementalCredentials,
  type KerberosKeys,
  parseSupplementalCredentials,
  stringToKey,
} from './index.ts';
import * as answers from './testing/known-answers.ts';

const USER02: [number, string][] = [
  [18, '622fca1d12de1df65e840afd5f3b9844b18a72a82aed6e3e58c39257753fdfa8'],
  [17, '30666974cb729ef6bd44f8eab3296e5c'],
  [3, '13f8fd37d557a401'],
];

/** A blob of the given properties, values in upper-case hex. */
function blob(properties: [name: string, value: Uint8Array][]): Uint8Array {
  const w = new Writer();
  w.u32le(0).u32le(0).u32le(0).zeros(96).u16le(0x50).u16le(properties.length);
  for (const [name, value] of properties) {
    const hex = new TextEncoder().encode(toHex(value).toUpperCase());
    w.u16le(name.length * 2).u16le(hex.length);
    w.u16le(1).raw(encodeUtf16le(name)).raw(hex);
  }
  w.u8(0);
  return w.setU32le(4, w.length - 13).toBytes();
}

function keysOf(bytes: Uint8Array): [number, string][] | undefined {
  return parseSupplementalCredentials(bytes).kerberosKeys?.keys.map(k => [k.enctype, toHex(k.key)]);
}

test('a blob of Windows Server 2016 gives its newer keys', () => {
  const { kerberosKeys, packages } = parseSupplementalCredentials(answers.WINDOWS_BLOB);
  assert.deepEqual(packages, ['NTLM-Strong-NTOWF', 'Kerberos-Newer-Keys', 'Kerberos', 'WDigest']);
  assert.equal(kerberosKeys?.salt, 'ADATUM.COMuser02');
  assert.equal(kerberosKeys.iterations, 4096);
  assert.deepEqual(keysOf(answers.WINDOWS_BLOB), USER02);
});

test('a blob of Samba 4.17 gives its newer keys', () => {
  const { kerberosKeys, packages } = parseSupplementalCredentials(answers.SAMBA_BLOB);
  assert.deepEqual(packages, ['Kerberos-Newer-Keys', 'Kerberos', 'WDigest']);
  assert.equal(kerberosKeys?.salt, 'SRC.TESTkatuser');
  assert.deepEqual(keysOf(answers.SAMBA_BLOB), [
    [18, toHex(stringToKey(18, 'Pa$$w0rd', 'SRC.TESTkatuser'))],
    [17, toHex(stringToKey(17, 'Pa$$w0rd', 'SRC.TESTkatuser'))],
    [3, '7d63069ccda6ad12'],
    [1, '81fce41ded73db57'],
  ]);
});

test('the three empty forms have no keys', () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(13), answers.EMPTY_BLOB]) {
    assert.deepEqual(parseSupplementalCredentials(bytes), { packages: [] });
  }
});

test('only the current keys of the newer package are taken', () => {
  assert.deepEqual(keysOf(blob([['Primary:Kerberos-Newer-Keys', answers.NEWER_USER02]])), USER02);
  const user03 = keysOf(blob([['Primary:Kerberos-Newer-Keys', answers.NEWER_WITH_OLD]]));
  assert.deepEqual(
    user03?.map(([enctype, key]) => [enctype, key.length / 2]),
    [
      [18, 32],
      [17, 16],
      [3, 8],
    ],
  );
  const computer = parseSupplementalCredentials(
    blob([['Primary:Kerberos-Newer-Keys', answers.NEWER_WITH_OLDER]]),
  );
  assert.equal(computer.kerberosKeys?.salt, 'ADATUM.COMhostlon-dc1.adatum.com');
  assert.deepEqual(toHex(computer.kerberosKeys.keys[2]!.key), '7091ce8545613d31');
});

test('the older package is the fallback, whatever gap or slack it has', () => {
  const cases: [Uint8Array, string, [number, string][]][] = [
    [answers.KERBEROS_USER02, 'ADATUM.COMuser02', [[3, '13f8fd37d557a401']]],
    [answers.KERBEROS_WITH_OLD, 'ADATUM.COMhostlon-dc1.adatum.com', [[3, '7091ce8545613d31']]],
    [
      answers.KERBEROS_2003,
      'CONTOSO.COMAdministrator',
      [
        [3, 'aed02c52204ca2ce'],
        [1, 'aed02c52204ca2ce'],
      ],
    ],
  ];
  for (const [value, salt, keys] of cases) {
    const bytes = blob([['Primary:Kerberos', value]]);
    assert.equal(parseSupplementalCredentials(bytes).kerberosKeys?.salt, salt);
    assert.deepEqual(keysOf(bytes), keys);
  }
  const both = blob([
    ['Primary:Kerberos', answers.KERBEROS_USER02],
    ['Primary:Kerberos-Newer-Keys', answers.NEWER_USER02],
  ]);
  assert.deepEqual(keysOf(both), USER02, 'the newer one is preferred wherever it stands');
});

test('lies are refused with the name of the field', () => {
  const newer = 'Primary:Kerberos-Newer-Keys';
  const changed = (offset: number, ...bytes: number[]) => {
    const value = answers.NEWER_USER02.slice();
    value.set(bytes, offset);
    return blob([[newer, value]]);
  };
  const blobChanged = (offset: number, ...bytes: number[]) => {
    const value = answers.WINDOWS_BLOB.slice();
    value.set(bytes, offset);
    return value;
  };
  const cases: [Uint8Array, string][] = [
    [blobChanged(0, 1), 'Reserved1'],
    [blobChanged(4, 0), 'Length'],
    [blobChanged(108, 0), 'PropertySignature'],
    [blobChanged(110, 0xff, 0xff), 'PropertyCount'],
    [blobChanged(110, 6), 'UserProperties/5/NameLength'],
    [blobChanged(110, 4), 'end'],
    [changed(0, 3), `${newer}.Revision`],
    [changed(4, 0xff, 0xff), `${newer}.CredentialCount`],
    [changed(12, 0x21), `${newer}.DefaultSaltLength`],
    [changed(12, 0xff, 0xff), `${newer}.DefaultSaltLength`],
    [changed(16, 0xff, 0xff, 0xff, 0xff), `${newer}.DefaultSalt`],
    [changed(24 + 16, 31), `${newer}.Credentials/0/KeyLength`],
    [changed(24 + 16, 0, 0, 0, 0xff), `${newer}.Credentials/0/KeyLength`],
    [changed(24 + 20, 0xff, 0xff, 0xff, 0xff), `${newer}.Credentials/0/Key`],
    [blob([[newer, new Uint8Array(0)]]), `${newer}.Revision`],
    [
      blob([
        [newer, answers.NEWER_USER02],
        [newer, answers.NEWER_USER02],
      ]),
      'UserProperties/1/PropertyName',
    ],
    [new Uint8Array(300_000), 'Length'],
  ];
  for (const [bytes, field] of cases) {
    assert.throws(() => parseSupplementalCredentials(bytes), { field: `supplementalCredentials.${field}` });
  }
});

test('a value that is no hex is refused, and unknown key types are kept as they are', () => {
  const bytes = blob([['Primary:Kerberos-Newer-Keys', answers.NEWER_USER02]]);
  for (const code of [0x20, 0x2f, 0x3a, 0x40, 0x47, 0x60, 0x67, 0xc1]) {
    const bad = bytes.slice();
    bad[200] = code;
    assert.throws(() => parseSupplementalCredentials(bad), /a hex digit expected/);
  }
  const value = answers.NEWER_USER02.slice();
  value.set([0x74, 0xff, 0xff, 0xff], 24 + 12);
  assert.equal(keysOf(blob([['Primary:Kerberos-Newer-Keys', value]]))?.[0]?.[0], 0xffffff74);
});

const JOE: KerberosKeys = {
  salt: 'CORP.EXAMPLE.COMjoe.bloggs',
  iterations: 4096,
  keys: [
    { enctype: 17, key: stringToKey(17, 'Pa$$w0rd', 'CORP.EXAMPLE.COMjoe.bloggs') },
    { enctype: 18, key: stringToKey(18, 'Pa$$w0rd', 'CORP.EXAMPLE.COMjoe.bloggs') },
  ],
};

test('what is built is byte for byte what Samba accepted', () => {
  const fixed = [fromHex('0123456789abcdef'), fromHex('fedcba9876543210')];
  const built = buildSupplementalCredentials(JOE, length => {
    assert.equal(length, 8);
    return fixed.shift()!;
  });
  assert.equal(toHex(built), toHex(answers.BUILT_FOR_SAMBA));
});

test('what is built is parsed again, with the salt and iterations of the source', () => {
  const built = buildSupplementalCredentials({ ...JOE, iterations: 50_000 }, n => new Uint8Array(n).fill(9));
  const { kerberosKeys, packages } = parseSupplementalCredentials(built);
  assert.deepEqual(packages, ['Kerberos-Newer-Keys', 'Kerberos']);
  assert.equal(kerberosKeys?.iterations, 50_000);
  assert.equal(kerberosKeys.salt, JOE.salt);
  assert.deepEqual(
    kerberosKeys.keys.map(k => k.enctype),
    [18, 17, 3, 1],
  );
});

test('without both AES keys or without a salt nothing is built', () => {
  const random = (n: number) => new Uint8Array(n);
  const only = (...types: number[]) => ({ ...JOE, keys: JOE.keys.filter(k => types.includes(k.enctype)) });
  assert.throws(() => buildSupplementalCredentials(only(18), random), /type 17 is missing/);
  assert.throws(() => buildSupplementalCredentials(only(17), random), /type 18 is missing/);
  assert.throws(() => buildSupplementalCredentials({ ...JOE, salt: '' }, random), /a salt of 1 to/);
});

test('every truncation and mutation of a blob is parsed or refused', () => {
  const vectors = [
    answers.WINDOWS_BLOB,
    answers.SAMBA_BLOB,
    answers.BUILT_FOR_SAMBA,
    answers.EMPTY_BLOB,
    blob([['Primary:Kerberos-Newer-Keys', answers.NEWER_WITH_OLDER]]),
    blob([['Primary:Kerberos', answers.KERBEROS_2003]]),
  ];
  for (const [seed, vector] of vectors.entries()) {
    truncationsAndMutations(vector, { seed }, parseSupplementalCredentials);
  }
});

test('every truncation and mutation of a key table is parsed or refused', () => {
  for (const [seed, [name, value]] of (
    [
      ['Primary:Kerberos-Newer-Keys', answers.NEWER_USER02],
      ['Primary:Kerberos', answers.KERBEROS_USER02],
    ] as const
  ).entries()) {
    truncationsAndMutations(value, { seed }, bytes => parseSupplementalCredentials(blob([[name, bytes]])));
  }
});
