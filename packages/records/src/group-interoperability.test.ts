// Groups and slices, written and read by docs/formats.md, using nothing of the package but its keys; `jose` for the signature.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { CompactSign, compactVerify } from 'jose';
import {
  CLOUD_FOREST,
  decidingSlice,
  divideMembers,
  exportSigningKey,
  type GroupEntry,
  generateSigningKey,
  groupLineDigests,
  type HeadFields,
  isBelow,
  keyRange,
  liveSlices,
  memberKey,
  peekGroupRecord,
  signGroupRecord,
  signHead,
  signingPublicKey,
  signMembers,
  signReceipt,
  verifyGroupRecord,
} from './index.ts';
import { FOREST, partsOf, TENANT, trusting } from './testing/fixtures.ts';
import {
  GROUP,
  GROUP_ENTRIES,
  GROUP_HEAD,
  GROUP_RECEIPT,
  MEMBERS,
  numberedGroup,
  signedSlices,
} from './testing/groups.ts';

const signer = generateSigningKey();
const { keyId: kid, publicKey } = signingPublicKey(signer);
const verifyKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
const signKey = createPrivateKey(exportSigningKey(signer));
const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest();

function sortedJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, member]) => `${JSON.stringify(name)}:${sortedJson(member)}`).join(',')}}`;
}

const signedByJose = (typ: string, payload: object): Promise<string> =>
  new CompactSign(Buffer.from(sortedJson(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid, typ })
    .sign(signKey);

test('jose verifies a group, a slice, a head and a receipt with groups, and signs the same text', async () => {
  const cloud = { forest: CLOUD_FOREST };
  for (const [typ, version, fields, signed] of [
    ['causeway-group+jws', 1, GROUP, signGroupRecord(signer, GROUP)],
    [
      'causeway-group+jws',
      2,
      { ...GROUP, ...cloud, objectSid: null },
      signGroupRecord(signer, { ...GROUP, ...cloud, objectSid: null }),
    ],
    ['causeway-members+jws', 1, MEMBERS, signMembers(signer, MEMBERS)],
    ['causeway-members+jws', 2, { ...MEMBERS, ...cloud }, signMembers(signer, { ...MEMBERS, ...cloud })],
    ['causeway-head+jws', 3, GROUP_HEAD, signHead(signer, GROUP_HEAD)],
    ['causeway-receipt+jws', 5, GROUP_RECEIPT, signReceipt(signer, GROUP_RECEIPT)],
  ] as const) {
    const { payload, protectedHeader } = await compactVerify(signed, verifyKey, { algorithms: ['EdDSA'] });
    assert.deepEqual(protectedHeader, { alg: 'EdDSA', kid, typ });
    assert.equal(Buffer.from(payload).toString(), sortedJson({ version, ...fields }));
    assert.equal(await signedByJose(typ, { version, ...fields }), signed);
  }
});

/** A key as digits 0 and 1: the bits of the first 8 bytes of the digest, the highest first. */
const bitsOfKey = (reference: string): string =>
  [...sha256(reference).subarray(0, 8)].map(byte => byte.toString(2).padStart(8, '0')).join('');

test('reads a slice that another implementation made and jose signed, each member below its prefix', async () => {
  const references = Array.from({ length: 300 }, (_, n) => numberedGroup(n).sourceAnchor);
  const members = references.filter(reference => bitsOfKey(reference).startsWith('101')).sort();
  assert.ok(members.length > 10);
  const record = await signedByJose('causeway-members+jws', {
    ...MEMBERS,
    version: 1,
    prefix: '101',
    members,
  });
  const result = verifyGroupRecord(record, trusting(signer, FOREST), { tenant: TENANT });
  assert.ok(result.ok && result.record.kind === 'members');
  assert.deepEqual(result.record.members, members);
  for (const reference of references) {
    assert.equal(isBelow('101', memberKey(reference)), members.includes(reference));
    assert.equal(BigInt(`0x${memberKey(reference)}`), BigInt(`0b${bitsOfKey(reference)}`));
  }
  const [from, to] = keyRange('101').map(key => BigInt(`0x${key}`));
  assert.equal(from, 0b101n << 61n);
  assert.equal(to, (0b110n << 61n) - 1n);
});

/** The members of a group as docs/formats.md defines them: for each reference, the newest slice that covers it decides. */
function membersOf(records: readonly string[], deleted = 0): string[] {
  const slices = records.map(record => partsOf(record).payload).filter(({ sequence }) => sequence > deleted);
  const references = new Set<string>(slices.flatMap(({ members }) => members));
  return [...references]
    .filter(reference => {
      const covering = slices.filter(({ prefix }) => bitsOfKey(reference).startsWith(prefix));
      covering.sort((a, b) => b.sequence - a.sequence);
      return covering[0]?.members.includes(reference);
    })
    .sort();
}

/** The same with the package's functions. */
function ourMembersOf(records: readonly string[], deleted = 0): string[] {
  const slices = records.map(record => {
    const said = peekGroupRecord(record);
    assert.ok(said?.kind === 'members');
    return said;
  });
  const live = liveSlices(slices.filter(({ sequence }) => sequence > deleted));
  const byPrefix = new Map(live.map(slice => [slice.prefix, slice]));
  return live
    .flatMap(slice => slice.members.filter(member => decidingSlice(byPrefix, memberKey(member)) === slice))
    .sort();
}

test('a reader that follows docs/formats.md finds the same members, whatever the order of the slices', () => {
  const people = Array.from({ length: 1200 }, (_, n) => numberedGroup(n).sourceAnchor);
  const sequence = 100;
  const first = signedSlices(signer, { members: people, sequence });
  assert.ok(first.length > 2);
  // One member leaves: only the slice that covers it is signed again.
  const [leaver] = people as [string];
  const { prefix } = first.find(({ prefix }) => bitsOfKey(leaver).startsWith(prefix))!;
  const stay = people.slice(1);
  const left = signedSlices(signer, { prefix, sequence: 200, members: stay });
  assert.equal(left.length, 1);
  // All but ten leave: one slice of all, which is shorter and newer.
  const ten = signedSlices(signer, { members: people.slice(0, 10), sequence: 300 });
  // And all below 0 leave.
  const none = signedSlices(signer, { prefix: '0', members: [], sequence: 400 });

  const records = [first, left, ten, none].flat().map(({ record }) => record);
  const steps = [first.length, first.length + 1, first.length + 2, records.length];
  const expected = [
    people,
    stay,
    people.slice(0, 10),
    people.slice(0, 10).filter(one => bitsOfKey(one).startsWith('1')),
  ];
  for (const [i, count] of steps.entries()) {
    for (const order of [records.slice(0, count), records.slice(0, count).reverse()]) {
      assert.deepEqual(membersOf(order), expected[i]!.toSorted());
      assert.deepEqual(ourMembersOf(order), expected[i]!.toSorted());
    }
  }
  assert.deepEqual(
    membersOf(records, 299),
    expected[3]!.toSorted(),
    'what is older than a deletion counts for nothing',
  );
  assert.deepEqual([membersOf(records, 400), ourMembersOf(records, 400)], [[], []]);
  assert.equal(divideMembers('', people).size, first.length);
});

/** The lines of one bucket, as docs/formats.md defines them. */
const lineKey = ({ anchor, prefix }: GroupEntry) => (prefix === null ? anchor : `${anchor} ${prefix}`);
const linesIn = (bucket: number) =>
  GROUP_ENTRIES.filter(entry => sha256(lineKey(entry))[0] === bucket).map(
    entry => `${lineKey(entry)} ${entry.sequence}`,
  );

test('computes the digests of groups and slices in a head as docs/formats.md defines them', () => {
  const digests = Array.from({ length: 256 }, (_, bucket) => {
    const lines = linesIn(bucket).map(line => `${line}\n`);
    lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return sha256(lines.join('')).subarray(0, 16);
  });
  const said: Pick<HeadFields, 'groups' | 'slices' | 'groupBuckets'> = GROUP_HEAD;
  assert.deepEqual([said.groups, said.slices], [2, 3]);
  assert.equal(Buffer.concat(digests).toString('base64url'), said.groupBuckets);
});

test('computes the digests that Connect and the tenant compare for groups as docs/formats.md defines them', () => {
  const digests = Array.from({ length: 256 }, (_, bucket) => {
    const digest = Buffer.alloc(16);
    for (const line of linesIn(bucket))
      for (const [i, byte] of sha256(line).subarray(0, 16).entries()) digest[i]! ^= byte;
    return digest;
  });
  assert.equal(Buffer.concat(digests).toString('base64url'), groupLineDigests(GROUP_ENTRIES));
});
