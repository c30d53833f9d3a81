import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  BUCKETS,
  bucketDigest,
  bucketOf,
  CLOUD_FOREST,
  differingBuckets,
  generateSigningKey,
  MAX_ENTRIES,
  MAX_HEAD_LENGTH,
  MAX_NOT_WRITTEN,
  MAX_RECEIPT_LENGTH,
  peekHead,
  peekReceipt,
  peekRecord,
  type ReceiptFields,
  type Refused,
  signAccountRecord,
  signHead,
  signingPublicKey,
  signReceipt,
  verifyHead,
  verifyReceipt,
  verifyRecord,
} from './index.ts';
import {
  ACCOUNT,
  bucketsOf,
  CLOUD_RECEIPT,
  ENTRIES,
  FIRST_RECEIPT,
  HEAD,
  partsOf,
  RECEIPT,
  signedBy,
  TENANT,
  trusting,
  withPart,
} from './testing/fixtures.ts';

const signer = generateSigningKey();
const stranger = generateSigningKey();
const { keyId: signerKeyId } = signingPublicKey(signer);
const head = signHead(signer, HEAD);
const receipt = signReceipt(signer, RECEIPT);
const expected = { tenant: TENANT };
const KINDS = [
  { signed: head, fields: HEAD, verify: verifyHead, peek: peekHead },
  { signed: receipt, fields: RECEIPT, verify: verifyReceipt, peek: peekReceipt },
];
type Verify = (
  text: string,
  trust: ReturnType<typeof trusting>,
  expected: { tenant: string },
) => { ok: true } | Refused;

function refusalOf(verify: Verify, text: string, trust = trusting(signer), tenant = TENANT): string {
  const result = verify(text, trust, { tenant });
  return result.ok ? 'believed' : result.refusal;
}

test('accepts a head and a receipt as signed, and peeks the same', () => {
  assert.deepEqual(verifyHead(head, trusting(signer), expected), {
    ok: true,
    head: { kind: 'head', signerKeyId, ...HEAD },
  });
  assert.deepEqual(verifyReceipt(receipt, trusting(signer), expected), {
    ok: true,
    receipt: { kind: 'receipt', signerKeyId, ...RECEIPT },
  });
  assert.deepEqual(peekHead(head), { kind: 'head', signerKeyId, ...HEAD });
  assert.deepEqual(peekReceipt(receipt), { kind: 'receipt', signerKeyId, ...RECEIPT });
});

test('rejects another key, tenant or forest, and any changed member', () => {
  for (const { signed, fields, verify } of KINDS) {
    assert.equal(refusalOf(verify, signed, trusting(stranger)), 'unknown-signer');
    assert.equal(refusalOf(verify, signed, trusting(signer), 'another-tenant'), 'other-tenant');
    assert.equal(refusalOf(verify, signed, trusting(signer, 'other.example.com')), 'other-forest');
    const { header, payload } = partsOf(signed);
    assert.equal(refusalOf(verify, signedBy(stranger, header, payload)), 'bad-signature');
    for (const name of Object.keys(fields)) {
      const changed = { ...payload, [name]: typeof payload[name] === 'number' ? payload[name] + 1 : 'x' };
      assert.equal(refusalOf(verify, withPart(signed, 1, changed)), 'bad-signature', name);
    }
  }
});

test('rejects a signed statement of one kind as another', () => {
  const account = signAccountRecord(signer, ACCOUNT);
  for (const { verify, peek, signed } of KINDS) {
    for (const other of [account, head, receipt].filter(text => text !== signed)) {
      assert.equal(refusalOf(verify, other), 'wrong-kind');
      assert.equal(peek(other), undefined);
    }
    assert.equal(refusalOf(verifyRecord, signed), 'wrong-kind');
    assert.equal(peekRecord(signed), undefined);
  }
  const { header, payload } = partsOf(head);
  for (const typ of ['causeway-receipt+jws', 'causeway-account+jws']) {
    assert.equal(refusalOf(verifyHead, withPart(head, 0, { ...header, typ })), 'wrong-kind');
  }
  const relabelled = signedBy(signer, { ...header, typ: 'causeway-receipt+jws' }, payload);
  assert.equal(refusalOf(verifyReceipt, relabelled), 'malformed');
});

const anchors = (count: number): [string, number, number][] =>
  Array.from({ length: count }, (_, n) => [`${n}`, 1, 1]);

/** Values that a signer refuses to sign and a verifier rejects. */
const WRONG_VALUES: [index: number, name: string, values: unknown[]][] = [
  [0, 'time', ['', '2026-11-23', null, 7]],
  [0, 'accounts', [-1, 0.5, 2 ** 32, null]],
  [0, 'credentials', [-1, '1']],
  [0, 'buckets', ['', Buffer.alloc(4095).toString('base64url'), `${HEAD.buckets}=`, [], null]],
  [0, 'sequence', [0, 2 ** 53]],
  [1, 'headSequence', [0, null]],
  [1, 'completeAsOf', ['', 0, '2026-02-30T12:00:00.000Z']],
  [1, 'alarmSince', [false]],
  [1, 'differing', [[256], [-1], [1.5], [2, 1], [1, 1], ['1'], {}, null]],
  [1, 'listed', [-1, 257, null]],
  [
    1,
    'entries',
    [{}, [[]], [['a', 1]], [['a', 1, -1]], [['', 1, 1]], [['a', 1, 1, 1]], anchors(MAX_ENTRIES + 1)],
  ],
  [
    1,
    'notWritten',
    [null, [['a', 'account']], [['a\n', 'account', 'x']], Array(MAX_NOT_WRITTEN + 1).fill(['a', 'b', 'c'])],
  ],
];

test('enforces the limits of each member, at signing and at reading', () => {
  for (const [index, name, values] of WRONG_VALUES) {
    const { signed, fields, verify } = KINDS[index]!;
    const { header, payload } = partsOf(signed);
    for (const value of values) {
      const result = verify(
        signedBy(signer, header, { ...payload, [name]: value }),
        trusting(signer),
        expected,
      );
      assert.ok(!result.ok && result.refusal === 'malformed', `${name} ${value}`);
      assert.ok(result.detail.startsWith(`payload.${name}`), result.detail);
      const sign = index === 0 ? signHead : signReceipt;
      assert.throws(() => sign(signer, { ...fields, [name]: value } as never), RangeError);
    }
  }
});

test('the longest receipt fits, and a longer one is rejected before it is parsed', () => {
  const entries = anchors(MAX_ENTRIES).map(([, a, c]) => ['x'.repeat(60), a * 2 ** 52, c * 2 ** 52] as const);
  const notWritten = Array(MAX_NOT_WRITTEN).fill(['x'.repeat(60), 'credential', 'older-password-order']);
  const long = signReceipt(signer, { ...RECEIPT, entries, notWritten });
  assert.equal(refusalOf(verifyReceipt, long), 'believed');
  assert.equal(refusalOf(verifyReceipt, '.'.repeat(MAX_RECEIPT_LENGTH + 1)), 'too-large');
  assert.equal(refusalOf(verifyHead, '.'.repeat(MAX_HEAD_LENGTH + 1)), 'too-large');
});

test('rejects every truncation and mutation of a head and a receipt, and never throws', () => {
  for (const [seed, { signed, verify, peek }] of KINDS.entries()) {
    truncationsAndMutations(Buffer.from(signed, 'latin1'), { seed, mutations: 500 }, bytes => {
      const text = Buffer.from(bytes).toString('latin1');
      const result = verify(text, trusting(signer), expected);
      assert.ok(!result.ok || text === signed);
      peek(text);
    });
    const { header } = partsOf(signed);
    truncationsAndMutations(
      Buffer.from(signed.split('.')[1]!, 'base64url'),
      { seed, mutations: 500 },
      bytes => {
        const part = Buffer.from(JSON.stringify(header)).toString('base64url');
        peek(`${part}.${Buffer.from(bytes).toString('base64url')}.${Buffer.alloc(64).toString('base64url')}`);
      },
    );
  }
});

test('one user more, less, or with another sequence changes only the digest of their bucket', () => {
  const [first, ...others] = ENTRIES;
  const bucket = bucketOf(first!.anchor);
  const more = Array.from({ length: 2000 }, (_, n) => ({
    anchor: `more ${n}`,
    accountSequence: n + 1,
    credentialSequence: n + 2,
  }));
  const all = bucketsOf([...ENTRIES, ...more]);
  assert.deepEqual(differingBuckets(all, bucketsOf([...more, ...ENTRIES])), []);
  for (const changed of [
    [],
    [{ ...first!, accountSequence: first!.accountSequence - 1 }],
    [{ ...first!, credentialSequence: 0 }],
    [first!, { ...first!, anchor: `${first!.anchor}` }],
  ]) {
    assert.deepEqual(differingBuckets(all, bucketsOf([...changed, ...others, ...more])), [bucket]);
  }
  assert.equal(new Set(more.map(({ anchor }) => bucketOf(anchor))).size, BUCKETS);
  assert.notDeepEqual(bucketDigest([first!]), bucketDigest([]));
});

test('a head and a receipt of version 2 list what their signer reads, in order and once each', () => {
  const reads = ['account-3', 'withdrawal-1'];
  const saying = {
    head: signHead(signer, { ...HEAD, reads }),
    receipt: signReceipt(signer, { ...RECEIPT, reads }),
  };
  assert.deepEqual(verifyHead(saying.head, trusting(signer), expected), {
    ok: true,
    head: { kind: 'head', signerKeyId, ...HEAD, reads },
  });
  assert.deepEqual(peekReceipt(saying.receipt)?.reads, reads);
  const many = Array.from({ length: 65 }, (_, n) => `a-${1000 + n}`);
  for (const wrong of [['b-1', 'a-1'], ['a-1', 'a-1'], ['a'], [''], ['A-1'], [1], many, null])
    assert.throws(() => signReceipt(signer, { ...RECEIPT, reads: wrong as never }), /payload.reads/);
  signReceipt(signer, { ...RECEIPT, reads: many.slice(1) });
});

test('allows what the signer reads in version 2, and in no earlier one', () => {
  for (const { signed, verify, newest } of [
    { ...KINDS[0]!, newest: 3 },
    { ...KINDS[1]!, newest: 5 },
  ]) {
    const { header, payload } = partsOf(signed);
    assert.deepEqual([payload.version, 'reads' in payload], [1, false]);
    const said = (changes: object) => {
      const members = Object.entries({ ...payload, ...changes }).sort(([a], [b]) => (a < b ? -1 : 1));
      return refusalOf(verify, signedBy(signer, header, Object.fromEntries(members)));
    };
    assert.equal(said({ reads: [] }), 'malformed');
    assert.equal(said({ version: 2 }), 'malformed');
    assert.equal(said({ version: 2, reads: [] }), 'believed');
    assert.equal(said({ version: newest + 1, reads: [] }), 'unsupported-version');
  }
});

test('a receipt of version 3 has the newest sequence, and may answer no head', () => {
  const first = signReceipt(signer, FIRST_RECEIPT);
  const later = signReceipt(signer, { ...RECEIPT, reads: [], newest: 0 });
  assert.deepEqual(
    [first, later].map(text => partsOf(text).payload.version),
    [3, 3],
  );
  assert.deepEqual(peekReceipt(first), { kind: 'receipt', signerKeyId, ...FIRST_RECEIPT });
  assert.deepEqual(
    [first, later].map(text => refusalOf(verifyReceipt, text)),
    ['believed', 'believed'],
  );
  const { newest: _, ...older } = FIRST_RECEIPT;
  for (const wrong of [
    older,
    { ...RECEIPT, newest: 1 },
    { ...FIRST_RECEIPT, newest: -1 },
    { ...FIRST_RECEIPT, headSequence: -1 },
    { ...FIRST_RECEIPT, headTime: 0 },
  ])
    assert.throws(() => signReceipt(signer, wrong as ReceiptFields), RangeError);
  const { header, payload } = partsOf(first);
  for (const version of [1, 2])
    assert.equal(refusalOf(verifyReceipt, signedBy(signer, header, { ...payload, version })), 'malformed');
});

test('a receipt of cloud-only users has version 4, belongs to no forest, and needs a signer trusted for them only', () => {
  const signed = signReceipt(signer, CLOUD_RECEIPT);
  const { header, payload } = partsOf(signed);
  assert.equal(payload.version, 4);
  assert.deepEqual(peekReceipt(signed), { kind: 'receipt', signerKeyId, ...CLOUD_RECEIPT });
  assert.equal(refusalOf(verifyReceipt, signed, trusting(signer, CLOUD_FOREST)), 'believed');
  assert.equal(refusalOf(verifyReceipt, signed), 'other-forest');
  assert.equal(refusalOf(verifyReceipt, receipt, trusting(signer, CLOUD_FOREST)), 'other-forest');

  const [[id, account, credential, deleted]] = CLOUD_RECEIPT.older as [[string, number, number, boolean]];
  const many = (count: number) =>
    Array(count).fill([id, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, false]);
  for (const older of [
    undefined,
    {},
    [[id.toUpperCase(), account, credential, deleted]],
    [['anchor', account, credential, deleted]],
    [[id, -1, credential, deleted]],
    [[id, account, null, deleted]],
    [[id, account, credential, 1]],
    [[id, account, credential]],
    many(MAX_ENTRIES + 1),
  ]) {
    assert.throws(() => signReceipt(signer, { ...CLOUD_RECEIPT, older } as never), RangeError);
    const lie = signedBy(signer, header, { ...payload, older });
    assert.equal(refusalOf(verifyReceipt, lie, trusting(signer, CLOUD_FOREST)), 'malformed');
  }
  const longest = signReceipt(signer, { ...CLOUD_RECEIPT, older: many(MAX_ENTRIES) });
  assert.equal(refusalOf(verifyReceipt, longest, trusting(signer, CLOUD_FOREST)), 'believed');
  for (const changes of [{ headSequence: 1 }, { headTime: RECEIPT.time }])
    assert.throws(() => signReceipt(signer, { ...CLOUD_RECEIPT, ...changes }), RangeError);
  // A forest's receipt has no such list.
  const { header: first, payload: forest } = partsOf(signReceipt(signer, FIRST_RECEIPT));
  assert.equal(refusalOf(verifyReceipt, signedBy(signer, first, { ...forest, older: [] })), 'malformed');
  assert.equal(refusalOf(verifyReceipt, signedBy(signer, first, { ...forest, version: 4 })), 'malformed');
});
