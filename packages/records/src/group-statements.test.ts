import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  BUCKETS,
  CLOUD_FOREST,
  DIGEST_LENGTH,
  differingBuckets,
  type GroupEntry,
  generateSigningKey,
  groupBucketDigest,
  groupBucketOf,
  groupLineDigests,
  type HeadFields,
  MAX_ENTRIES,
  MAX_HEAD_LENGTH,
  MAX_NOT_WRITTEN,
  MAX_RECEIPT_LENGTH,
  peekHead,
  peekReceipt,
  type ReceiptFields,
  signHead,
  signingPublicKey,
  signReceipt,
  summarizeGroups,
  verifyHead,
  verifyReceipt,
} from './index.ts';
import { CLOUD_RECEIPT, HEAD, partsOf, RECEIPT, signedBy, TENANT, trusting } from './testing/fixtures.ts';
import {
  FIRST_GROUP_RECEIPT,
  GROUP,
  GROUP_ENTRIES,
  GROUP_HEAD,
  GROUP_RECEIPT,
  numberedGroup,
} from './testing/groups.ts';

const signer = generateSigningKey();
const { keyId: signerKeyId } = signingPublicKey(signer);
const head = signHead(signer, GROUP_HEAD);
const receipt = signReceipt(signer, GROUP_RECEIPT);
const expected = { tenant: TENANT };
const KINDS = [
  { signed: head, fields: GROUP_HEAD, verify: verifyHead, sign: signHead as (...of: never[]) => string },
  {
    signed: receipt,
    fields: GROUP_RECEIPT,
    verify: verifyReceipt,
    sign: signReceipt as (...of: never[]) => string,
  },
];
const OF_GROUPS = {
  head: ['groups', 'slices', 'groupBuckets'],
  receipt: ['groups', 'slices', 'groupsDiffering', 'groupsListed', 'groupEntries', 'groupsNotWritten'],
} as const;

function refusalOf(
  verify: typeof verifyHead | typeof verifyReceipt,
  text: string,
  trust = trusting(signer),
): string {
  const result = verify(text, trust, expected);
  return result.ok ? 'believed' : result.refusal;
}

/** Signed again with other members in the payload, as a faulty signer would. */
function resigned(signed: string, changes: object): string {
  const { header, payload } = partsOf(signed);
  const members = Object.entries({ ...payload, ...changes }).filter(([, value]) => value !== undefined);
  return signedBy(signer, header, Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1))));
}

test('accepts a head of version 3 and a receipt of version 5 as signed, and peeks the same', () => {
  assert.deepEqual(
    [head, receipt].map(signed => partsOf(signed).payload.version),
    [3, 5],
  );
  assert.deepEqual(verifyHead(head, trusting(signer), expected), {
    ok: true,
    head: { kind: 'head', signerKeyId, ...GROUP_HEAD },
  });
  assert.deepEqual(peekHead(head), { kind: 'head', signerKeyId, ...GROUP_HEAD });
  for (const fields of [GROUP_RECEIPT, FIRST_GROUP_RECEIPT]) {
    const signed = signReceipt(signer, fields);
    const said = { kind: 'receipt', signerKeyId, ...fields };
    assert.deepEqual(verifyReceipt(signed, trusting(signer), expected), { ok: true, receipt: said });
    assert.deepEqual(peekReceipt(signed), said);
  }
});

test('requires each payload member about groups in that version, and rejects it in earlier ones', () => {
  for (const [name, of] of Object.entries(OF_GROUPS)) {
    const { signed, fields, verify, sign } = KINDS[name === 'head' ? 0 : 1]!;
    for (const member of of) {
      assert.equal(refusalOf(verify, resigned(signed, { [member]: undefined })), 'malformed', member);
      if (member === 'groups') continue;
      assert.throws(
        () => sign(...([signer, { ...fields, [member]: undefined }] as never[])),
        RangeError,
        member,
      );
    }
    const without = Object.fromEntries(of.map(member => [member, undefined]));
    for (const member of of) {
      const { [member]: value } = fields as Record<string, unknown>;
      for (const version of [1, 2])
        assert.equal(
          refusalOf(verify, resigned(signed, { ...without, version, [member]: value })),
          'malformed',
        );
    }
    for (const member of name === 'head' ? ['reads'] : ['reads', 'newest'])
      assert.equal(refusalOf(verify, resigned(signed, { [member]: undefined })), 'malformed', member);
  }
});

test('signs a head and a receipt without groups in the version that every older reader accepts', () => {
  const { groups: _, slices: __, groupBuckets: ___, ...userHead } = GROUP_HEAD;
  assert.equal(partsOf(signHead(signer, userHead)).payload.version, 2);
  assert.equal(partsOf(signHead(signer, HEAD)).payload.version, 1);
  const without = Object.fromEntries(OF_GROUPS.receipt.map(member => [member, undefined]));
  assert.equal(
    partsOf(signReceipt(signer, { ...GROUP_RECEIPT, ...without } as ReceiptFields)).payload.version,
    3,
  );
});

test('rejects a receipt of cloud-only users that mentions groups', () => {
  const signed = signReceipt(signer, CLOUD_RECEIPT);
  for (const member of OF_GROUPS.receipt) {
    const { [member]: value } = FIRST_GROUP_RECEIPT;
    assert.equal(
      refusalOf(verifyReceipt, resigned(signed, { [member]: value }), trusting(signer, CLOUD_FOREST)),
      'malformed',
    );
  }
  assert.equal(
    refusalOf(verifyReceipt, resigned(receipt, { forest: CLOUD_FOREST }), trusting(signer, CLOUD_FOREST)),
    'malformed',
  );
  assert.equal(refusalOf(verifyReceipt, resigned(receipt, { older: [] })), 'malformed');
});

/** Values that a signer refuses to sign and a verifier rejects. */
const WRONG_VALUES: Record<string, unknown>[] = [
  {
    groups: [-1, 0.5, 2 ** 32, null],
    slices: [-1, null],
    groupBuckets: ['', null, HEAD.buckets.slice(4), `${HEAD.buckets}=`],
  },
  {
    groups: [-1, 2 ** 32],
    slices: [-1, '1'],
    groupsDiffering: [[256], [-1], [2, 1], [1, 1], {}, null],
    groupsListed: [-1, 257, null],
    groupEntries: [
      {},
      [[]],
      [['a', null]],
      [['a', null, -1]],
      [['a', '2', 1]],
      [['a', '0'.repeat(33), 1]],
      [['a b', null, 1]],
      [['', null, 1]],
      [['a', null, 1, 1]],
      Array(MAX_ENTRIES + 1).fill(['a', null, 1]),
    ],
    groupsNotWritten: [
      null,
      [['a', null]],
      [['a', 0, 'x']],
      [['a b', null, 'x']],
      [['a', null, '']],
      Array(MAX_NOT_WRITTEN + 1).fill(['a', '', 'x']),
    ],
  },
];

test('enforces the limits of each member, at signing and at reading', () => {
  for (const [index, wrong] of WRONG_VALUES.entries()) {
    const { signed, fields, verify, sign } = KINDS[index]!;
    for (const [name, values] of Object.entries(wrong))
      for (const value of values as unknown[]) {
        const result = verify(resigned(signed, { [name]: value }), trusting(signer), expected);
        assert.ok(!result.ok && result.refusal === 'malformed', `${name} ${value}`);
        assert.ok(result.detail.startsWith(`payload.${name}`), result.detail);
        assert.throws(() => sign(...([signer, { ...fields, [name]: value }] as never[])), RangeError);
      }
  }
});

test('the longest head fits, and a longer one is rejected before it is parsed', () => {
  const digests = Buffer.alloc(BUCKETS * DIGEST_LENGTH, 0xff).toString('base64url');
  const longest: HeadFields = {
    ...GROUP_HEAD,
    tenant: '€'.repeat(128),
    forest: '€'.repeat(255),
    sequence: Number.MAX_SAFE_INTEGER,
    ...{ accounts: 2 ** 32 - 1, credentials: 2 ** 32 - 1, buckets: digests },
    reads: Array.from({ length: 64 }, (_, n) => `${'x'.repeat(32)}-${1000 + n}`),
    ...{ groups: 2 ** 32 - 1, slices: 2 ** 32 - 1, groupBuckets: digests },
  };
  assert.ok(signHead(signer, longest).length <= MAX_HEAD_LENGTH);
  assert.equal(refusalOf(verifyHead, '.'.repeat(MAX_HEAD_LENGTH + 1)), 'too-large');
});

test('the longest receipt fits, with as many users, groups and slices as it can list', () => {
  // With the longest anchor that the contract allows, and the longest code of a refusal.
  const anchor = 'x'.repeat(60);
  const prefix = '0'.repeat(32);
  const most = Number.MAX_SAFE_INTEGER;
  const longest: ReceiptFields = {
    ...GROUP_RECEIPT,
    differing: Array.from({ length: BUCKETS }, (_, n) => n),
    groupsDiffering: Array.from({ length: BUCKETS }, (_, n) => n),
    reads: Array.from({ length: 64 }, (_, n) => `${'x'.repeat(32)}-${1000 + n}`),
    entries: Array(MAX_ENTRIES).fill([anchor, most, most]),
    notWritten: Array(MAX_NOT_WRITTEN).fill([anchor, 'x'.repeat(20), 'x'.repeat(50)]),
    groupEntries: Array(MAX_ENTRIES).fill([anchor, prefix, most]),
    groupsNotWritten: Array(MAX_NOT_WRITTEN).fill([anchor, prefix, 'x'.repeat(50)]),
  };
  assert.equal(refusalOf(verifyReceipt, signReceipt(signer, longest)), 'believed');
  assert.equal(refusalOf(verifyReceipt, '.'.repeat(MAX_RECEIPT_LENGTH + 1)), 'too-large');
});

test('rejects every truncation and mutation of a head and a receipt with groups, and never throws', () => {
  for (const [seed, { signed, verify }] of KINDS.entries()) {
    truncationsAndMutations(Buffer.from(signed, 'latin1'), { seed, mutations: 300 }, bytes => {
      const text = Buffer.from(bytes).toString('latin1');
      assert.ok(refusalOf(verify, text) !== 'believed' || text === signed);
    });
  }
});

const many: GroupEntry[] = Array.from({ length: 2000 }, (_, n) => ({
  anchor: numberedGroup(n >> 1).sourceAnchor,
  prefix: n % 2 === 0 ? null : '',
  sequence: n + 1,
}));

test('one group or slice more, less, or with another sequence changes only the digest of its bucket', () => {
  const all = [...GROUP_ENTRIES, ...many];
  const first = GROUP_ENTRIES[1]!;
  const bucket = groupBucketOf(first);
  const others = all.filter(entry => entry !== first);
  for (const digestsOf of [
    (entries: GroupEntry[]) => summarizeGroups(entries).groupBuckets,
    groupLineDigests,
  ]) {
    const digests = digestsOf(all);
    assert.deepEqual(differingBuckets(digests, digestsOf(all.toReversed())), [], 'whatever the order');
    for (const changed of [[], [{ ...first, sequence: first.sequence - 1 }]])
      assert.deepEqual(differingBuckets(digests, digestsOf([...others, ...changed])), [bucket]);
    const moved = { ...first, prefix: '0' };
    const both = new Set([bucket, groupBucketOf(moved)]);
    assert.deepEqual(
      differingBuckets(digests, digestsOf([...others, moved])),
      [...both].sort((a, b) => a - b),
      'another prefix is another line',
    );
  }
  assert.equal(new Set(many.map(groupBucketOf)).size, BUCKETS);
});

test('a group and its slice of all have separate lines', () => {
  const anchor = GROUP.sourceAnchor;
  const [group, all] = [null, ''].map(prefix => [{ anchor, prefix, sequence: 5 }]) as [
    GroupEntry[],
    GroupEntry[],
  ];
  assert.notDeepEqual(groupBucketDigest(group), groupBucketDigest(all));
  assert.deepEqual(summarizeGroups([...group, ...all]).groups, 1);
  assert.deepEqual(summarizeGroups([...group, ...all]).slices, 1);
});

test('the digest of a bucket is the same alone and within a head', () => {
  const bytes = Buffer.from(summarizeGroups(many).groupBuckets, 'base64url');
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const digest = bytes.subarray(bucket * DIGEST_LENGTH, (bucket + 1) * DIGEST_LENGTH);
    const inIt = many.filter(entry => groupBucketOf(entry) === bucket);
    assert.ok(digest.equals(groupBucketDigest(inIt)), `${bucket}`);
  }
  assert.ok(RECEIPT.groups === undefined, 'what tells of users alone has none');
});
