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

/** A blob of the given properties, with values in upper-case hex. */
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

test('reads the newer keys of a Windows Server 2016 blob', () => {
  const { kerberosKeys, packages } = parseSupplementalCredentials(answers.WINDOWS_BLOB);
  assert.deepEqual(packages, ['NTLM-Strong-NTOWF', 'Kerberos-Newer-Keys', 'Kerberos', 'WDigest']);
  assert.equal(kerberosKeys?.salt, 'ADATUM.COMuser02');
  assert.equal(kerberosKeys.iterations, 4096);
  assert.deepEqual(keysOf(answers.WINDOWS_BLOB), USER02);
});

test('reads the newer keys of a Samba 4.17 blob', () => {
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

test('takes only the current keys of the newer package', () => {
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

test('takes no keys from the older package alone, because DES opens nothing in a managed domain', () => {
  for (const value of [answers.KERBEROS_USER02, answers.KERBEROS_WITH_OLD, answers.KERBEROS_2003]) {
    const bytes = blob([['Primary:Kerberos', value]]);
    assert.deepEqual(parseSupplementalCredentials(bytes), { packages: ['Kerberos'] });
  }
  const both = blob([
    ['Primary:Kerberos', answers.KERBEROS_USER02],
    ['Primary:Kerberos-Newer-Keys', answers.NEWER_USER02],
  ]);
  assert.deepEqual(keysOf(both), USER02, 'wherever the newer one stands');
});

const newer = 'Primary:Kerberos-Newer-Keys';
/** The newer keys of USER02 with some bytes changed. Entry i is at 24 + 24 i: iterations at 8, type at 12, length at 16, offset at 20. */
function changed(...changes: [offset: number, ...bytes: number[]][]): Uint8Array {
  const value = answers.NEWER_USER02.slice();
  for (const [offset, ...bytes] of changes) value.set(bytes, offset);
  return blob([[newer, value]]);
}

test('rejects false values with the name of the field', () => {
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
    [changed([0, 5]), `${newer}.Revision`],
    [changed([4, 33]), `${newer}.CredentialCount`],
    [changed([12, 0x21]), `${newer}.DefaultSaltLength`],
    [changed([12, 0x02, 0x08]), `${newer}.DefaultSaltLength`],
    [changed([16, 0xff, 0xff, 0xff, 0xff]), `${newer}.DefaultSalt`],
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

test('rejects a value that is no hex', () => {
  const bytes = blob([['Primary:Kerberos-Newer-Keys', answers.NEWER_USER02]]);
  for (const code of [0x20, 0x2f, 0x3a, 0x40, 0x47, 0x60, 0x67, 0xc1]) {
    const bad = bytes.slice();
    bad[200] = code;
    assert.throws(() => parseSupplementalCredentials(bad), /a hex digit expected/);
  }
});

test('leaves out an unusable key and keeps the others', () => {
  const [aes256, aes128, des] = [0, 1, 2].map(i => 24 + 24 * i) as [number, number, number];
  const both = USER02.slice(0, 2);
  const cases: [what: string, bytes: Uint8Array, keys: [number, string][]][] = [
    ['a DES key of odd length', changed([des + 16, 7]), both],
    ['a key above 256 bytes', changed([des + 16, 1, 1]), both],
    ['a key that is not there', changed([des + 20, 0xff, 0xff, 0xff, 0xff]), both],
    ['a key of an unknown type, RC4_PLAIN', changed([des + 12, 0x74, 0xff, 0xff, 0xff]), both],
    ['a second key of one type', changed([des + 12, 17], [des + 16, 16]), both],
    ['a key of another iteration count', changed([des + 8, 0, 0x20]), both],
    ['no count of its own: the default one', changed([aes256 + 8, 0, 0], [aes128 + 8, 0, 0]), USER02],
  ];
  for (const [what, bytes, keys] of cases) assert.deepEqual(keysOf(bytes), keys, what);
});

test('returns no keys that a managed domain cannot use, and names the reason', () => {
  const [aes256, aes128] = [24, 48];
  const cases: [bytes: Uint8Array, problem: RegExp][] = [
    [changed([aes256 + 16, 31]), /type 18 is missing; .*Credentials\/0\/KeyLength: 32 expected, got 31$/],
    [
      changed([aes128 + 20, 0xff, 0xff]),
      /type 17 is missing; .*Credentials\/1\/Key: offset 65535 .* is past/,
    ],
    [changed([aes128 + 12, 3]), /type 17 is missing$/],
    [
      changed([aes256 + 8, 0xff, 0xff, 0xff, 0xff]),
      /Credentials\/0\/IterationCount: 4096 expected, got 4294967295$/,
    ],
    [changed([20, 0, 0x20], [aes256 + 8, 0, 0]), /Credentials\/0\/IterationCount: 4096 expected, got 8192$/],
    [changed([12, 0]), /^a salt of 1 to 1024 characters of text expected, got none$/],
  ];
  for (const [bytes, expected] of cases) {
    const { kerberosKeys, problem } = parseSupplementalCredentials(bytes);
    assert.equal(kerberosKeys, undefined, String(expected));
    assert.match(problem!, expected);
  }
  assert.deepEqual(parseSupplementalCredentials(changed([4, 0])), { packages: ['Kerberos-Newer-Keys'] });
});

const JOE: KerberosKeys = {
  salt: 'CORP.EXAMPLE.COMjoe.bloggs',
  iterations: 4096,
  keys: [
    { enctype: 17, key: stringToKey(17, 'Pa$$w0rd', 'CORP.EXAMPLE.COMjoe.bloggs') },
    { enctype: 18, key: stringToKey(18, 'Pa$$w0rd', 'CORP.EXAMPLE.COMjoe.bloggs') },
  ],
};

test('builds byte for byte what Samba accepted', () => {
  const fixed = [fromHex('0123456789abcdef'), fromHex('fedcba9876543210')];
  const built = buildSupplementalCredentials(JOE, length => {
    assert.equal(length, 8);
    return fixed.shift()!;
  });
  assert.equal(toHex(built), toHex(answers.BUILT_FOR_SAMBA));
});

test("parses what it built, with the source's salt", () => {
  const built = buildSupplementalCredentials(JOE, n => new Uint8Array(n).fill(9));
  const { kerberosKeys, packages } = parseSupplementalCredentials(built);
  assert.deepEqual(packages, ['Kerberos-Newer-Keys', 'Kerberos']);
  assert.equal(kerberosKeys?.iterations, 4096);
  assert.equal(kerberosKeys.salt, JOE.salt);
  assert.deepEqual(
    kerberosKeys.keys.map(k => k.enctype),
    [18, 17, 3, 1],
  );
});

test('refuses to build without both AES keys, a salt that is text, and the iteration count that a KDC assumes', () => {
  const random = (n: number) => new Uint8Array(n);
  const only = (...types: number[]) => ({ ...JOE, keys: JOE.keys.filter(k => types.includes(k.enctype)) });
  assert.throws(() => buildSupplementalCredentials(only(18), random), /type 17 is missing/);
  assert.throws(() => buildSupplementalCredentials(only(17), random), /type 18 is missing/);
  for (const salt of ['', 's'.repeat(1025), 'a\ud800', 'a\0b'])
    assert.throws(() => buildSupplementalCredentials({ ...JOE, salt }, random), /a salt of 1 to/);
  assert.throws(() => buildSupplementalCredentials({ ...JOE, iterations: 8192 }, random), /4096 iterations/);
});

test('parses or rejects every truncation and mutation of a blob', () => {
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

test('parses or rejects every truncation and mutation of a key table', () => {
  truncationsAndMutations(answers.NEWER_USER02, { seed: 0 }, bytes =>
    parseSupplementalCredentials(blob([[newer, bytes]])),
  );
});
