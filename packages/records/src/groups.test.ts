import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  CLOUD_FOREST,
  divideMembers,
  encodableGroup,
  GROUP_SCOPES,
  type GroupFields,
  generateSigningKey,
  type MembersFields,
  NULL_SID,
  peekGroupRecord,
  peekHead,
  peekRecord,
  recordName,
  signAccountRecord,
  signGroupRecord,
  signHead,
  signingPublicKey,
  signMembers,
  verifyGroupRecord,
  verifyHead,
  verifyRecord,
} from './index.ts';
import { ACCOUNT, HEAD, partsOf, signedBy, TENANT, trusting, withPart } from './testing/fixtures.ts';
import { GROUP, MEMBERS, numberedGroup, signedGroup, signedMembers, signedSlices } from './testing/groups.ts';
import { hostileGroups, hostileMembers } from './testing/hostile.ts';

const signer = generateSigningKey();
const stranger = generateSigningKey();
const { keyId: signerKeyId } = signingPublicKey(signer);
const group = signedGroup(signer);
const members = signedMembers(signer);
const expected = { tenant: TENANT };
const { sAMAccountName: _, displayName: __, mail: ___, objectSid: ____, ...nameless } = GROUP;
/** One of the tenant's own. */
const CLOUD_GROUP: GroupFields = { ...GROUP, forest: CLOUD_FOREST, objectSid: null };
const CLOUD_MEMBERS: MembersFields = { ...MEMBERS, forest: CLOUD_FOREST };

function refusalOf(record: string, trust = trusting(signer), tenant = TENANT): string {
  const result = verifyGroupRecord(record, trust, { tenant });
  return result.ok ? 'believed' : result.refusal;
}

/** The record with other members in the payload, signed again by the same signer, as a faulty one would. */
function resigned(record: string, changes: object): string {
  const { header, payload } = partsOf(record);
  const changed = Object.entries({ ...payload, ...changes }).filter(([, value]) => value !== undefined);
  return signedBy(signer, header, Object.fromEntries(changed.sort(([a], [b]) => (a < b ? -1 : 1))));
}

test('accepts a group and a slice as signed, and peeks the same', () => {
  for (const [record, said] of [
    [group, { kind: 'group', signerKeyId, ...GROUP }],
    [members, { kind: 'members', signerKeyId, ...MEMBERS }],
    [
      signedMembers(signer, { members: [], prefix: '01' }),
      { kind: 'members', signerKeyId, ...MEMBERS, prefix: '01', members: [] },
    ],
  ] as const) {
    assert.deepEqual(verifyGroupRecord(record, trusting(signer), expected), { ok: true, record: said });
    assert.deepEqual(peekGroupRecord(record), said);
  }
  for (const scope of GROUP_SCOPES)
    for (const securityEnabled of [true, false])
      assert.equal(refusalOf(signedGroup(signer, { scope, securityEnabled })), 'believed');
  assert.equal(
    refusalOf(signedGroup(signer, { deleted: true, sAMAccountName: null, displayName: null, mail: null })),
    'believed',
  );
});

test("records of the tenant's own groups have their own version, and need a signer trusted for them only", () => {
  for (const [record, cloud, names] of [
    [group, signGroupRecord(signer, CLOUD_GROUP), ['group-1', 'group-2']],
    [members, signMembers(signer, CLOUD_MEMBERS), ['members-1', 'members-2']],
  ] as const) {
    assert.deepEqual([record, cloud].map(recordName), names);
    assert.equal(refusalOf(cloud), 'other-forest');
    assert.equal(refusalOf(cloud, trusting(signer, CLOUD_FOREST)), 'believed');
    assert.equal(refusalOf(record, trusting(signer, CLOUD_FOREST)), 'other-forest');
    // Neither version can carry the other's content.
    assert.equal(
      refusalOf(resigned(record, { forest: CLOUD_FOREST }), trusting(signer, CLOUD_FOREST)),
      'malformed',
    );
    assert.equal(refusalOf(resigned(cloud, { forest: GROUP.forest })), 'malformed');
    assert.equal(refusalOf(resigned(record, { version: 3 })), 'unsupported-version');
  }
  assert.equal(
    refusalOf(
      resigned(signGroupRecord(signer, CLOUD_GROUP), { objectSid: GROUP.objectSid }),
      trusting(signer, CLOUD_FOREST),
    ),
    'malformed',
  );
});

test('rejects another key, tenant or forest, and any changed member', () => {
  for (const record of [group, members]) {
    assert.equal(refusalOf(record, trusting(stranger)), 'unknown-signer');
    assert.equal(refusalOf(record, trusting(signer), 'another-tenant'), 'other-tenant');
    assert.equal(refusalOf(record, trusting(signer, 'other.example.com')), 'other-forest');
    const { header, payload } = partsOf(record);
    assert.equal(refusalOf(signedBy(stranger, header, payload)), 'bad-signature');
    for (const [name, value] of Object.entries(payload)) {
      const changed = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : 'x';
      assert.equal(refusalOf(withPart(record, 1, { ...payload, [name]: changed })), 'bad-signature', name);
    }
  }
});

test('rejects, each with its reason, what a tenant, a stranger or another forest could show instead of a group or slice', () => {
  for (const prefix of ['', '01'])
    for (const { what, record, refusal } of [
      ...hostileMembers(signer, stranger, { ...MEMBERS, prefix }),
      ...hostileGroups(signer, stranger, { ...GROUP, deleted: prefix !== '' }),
    ])
      assert.equal(refusalOf(record), refusal, what);
  const all = [...hostileMembers(signer, stranger, MEMBERS), ...hostileGroups(signer, stranger, GROUP)];
  assert.equal(new Set([group, members, ...all.map(({ record }) => record)]).size, all.length + 2);
});

test('rejects a signed statement of one kind as another', () => {
  const account = signAccountRecord(signer, ACCOUNT);
  const head = signHead(signer, HEAD);
  for (const other of [account, head]) {
    assert.equal(refusalOf(other), 'wrong-kind');
    assert.equal(peekGroupRecord(other), undefined);
  }
  for (const record of [group, members]) {
    for (const verify of [verifyRecord, verifyHead]) {
      const result = verify(record, trusting(signer), expected);
      assert.equal(result.ok ? 'believed' : result.refusal, 'wrong-kind');
    }
    assert.equal(peekRecord(record), undefined);
    assert.equal(peekHead(record), undefined);
    const { header, payload } = partsOf(record);
    for (const kind of ['account', 'credential', 'withdrawal', 'group', 'members', 'head', 'receipt'])
      if (header.typ !== `causeway-${kind}+jws`) {
        const relabelled = refusalOf(signedBy(signer, { ...header, typ: `causeway-${kind}+jws` }, payload));
        assert.ok(['wrong-kind', 'malformed'].includes(relabelled), `${kind}: ${relabelled}`);
        assert.ok(
          !verifyRecord(
            signedBy(signer, { ...header, typ: `causeway-${kind}+jws` }, payload),
            trusting(signer),
            expected,
          ).ok,
        );
      }
    for (const beside of ['', 'AAAA']) assert.equal(refusalOf(`${record}~${beside}`), 'bad-signature');
  }
});

/** Values that a signer refuses to sign and a verifier rejects. */
const WRONG_VALUES: [
  record: string,
  sign: (fields: never) => string,
  fields: object,
  wrong: Record<string, unknown[]>,
][] = [
  [
    group,
    fields => signGroupRecord(signer, fields),
    GROUP,
    {
      tenant: ['', 'x'.repeat(129), null],
      forest: ['', 'CORP.example.com', CLOUD_FOREST, null],
      sourceAnchor: ['', 'x'.repeat(257), 'a b', 'a\n', null],
      objectGuid: ['', GROUP.objectGuid.toUpperCase(), null],
      sequence: [0, -1, 1.5, 2 ** 53, '1'],
      sAMAccountName: ['', 'x'.repeat(257), 'a\u0000', '\ud800', 7],
      displayName: ['', 'x'.repeat(257), 'a\u0007'],
      mail: ['', 'x'.repeat(257)],
      objectSid: ['', 'S-1-5-021-1', 's-1-5-21-1'],
      securityEnabled: [null, 0, 'true'],
      scope: ['', 'builtin', 'Global', null],
      deleted: [null, 1],
    },
  ],
  [
    members,
    fields => signMembers(signer, fields),
    MEMBERS,
    {
      sourceAnchor: ['', 'x'.repeat(257), 'a b', null],
      objectGuid: ['', null],
      sequence: [0, 2 ** 53],
      prefix: ['2', '0 ', 'ff', '0'.repeat(33), null, 0],
      members: [
        null,
        {},
        'a',
        [''],
        [7],
        [null],
        ['b', 'a'],
        ['a', 'a'],
        ['a\n'],
        ['\ud800'],
        ['x'.repeat(513)],
        [['a']],
        Array.from({ length: 2501 }, (_, n) => `${10_000 + n}`),
      ],
    },
  ],
];

test('enforces the limits of each member, at signing and at reading', () => {
  for (const [record, sign, fields, wrong] of WRONG_VALUES)
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const result = verifyGroupRecord(resigned(record, { [name]: value }), trusting(signer), expected);
        assert.ok(!result.ok && /^(malformed|too-large)$/.test(result.refusal), `${name} ${value}`);
        assert.throws(() => sign({ ...fields, [name]: value } as never), RangeError, `${name} ${value}`);
      }
      assert.equal(refusalOf(resigned(record, { [name]: undefined })), 'malformed', `no ${name}`);
    }
  for (const record of [group, members]) assert.equal(refusalOf(resigned(record, { more: 1 })), 'malformed');
});

test('signs a group without names and a SID that no record can hold, and loses nothing else', () => {
  const odd = {
    sAMAccountName: 'x'.repeat(257),
    displayName: '',
    mail: 'a\u0000b',
    objectSid: 'S-1-5-021-7',
  };
  const encodable = encodableGroup({ ...nameless, ...odd } as GroupFields);
  assert.deepEqual(encodable, {
    ...nameless,
    ...{ sAMAccountName: null, displayName: null, mail: null, objectSid: NULL_SID },
  });
  assert.equal(refusalOf(signGroupRecord(signer, encodable)), 'believed');
  assert.deepEqual(encodableGroup(GROUP), GROUP, 'what can be written stays');
});

test('the longest group fits, and too long a slice is rejected before it is signed or parsed', () => {
  const long = '€'.repeat(256);
  const longest = { ...GROUP, tenant: '€'.repeat(128), forest: '€'.repeat(255), sourceAnchor: long };
  const names = { sAMAccountName: long, displayName: long, mail: long };
  signGroupRecord(signer, { ...longest, ...names, sequence: Number.MAX_SAFE_INTEGER });
  const many = Array.from({ length: 500 }, (_, n) => `${100 + n}${'x'.repeat(24)}`);
  assert.throws(() => signMembers(signer, { ...MEMBERS, members: many }), /at most 16384 characters/);
  assert.equal(divideMembers('', many).size, 2);
  assert.equal(refusalOf('.'.repeat(16_385)), 'too-large');
});

test('signs a divided list slice by slice, each with its own sequence', () => {
  const references = Array.from({ length: 1000 }, (_, n) => numberedGroup(n).sourceAnchor);
  const slices = signedSlices(signer, { members: references });
  assert.ok(slices.length > 2);
  const said = slices.map(({ record }) => peekGroupRecord(record));
  assert.deepEqual(
    said.map(one => one?.kind === 'members' && [one.prefix, one.sequence]),
    slices.map(({ prefix, sequence }) => [prefix, sequence]),
  );
  assert.equal(new Set(slices.map(({ sequence }) => sequence)).size, slices.length);
  assert.deepEqual(
    said.flatMap(one => (one?.kind === 'members' ? one.members : [])).sort(),
    references.sort(),
  );
});

test('rejects every truncation and mutation of a group and a slice, and never throws', () => {
  for (const [seed, record] of [group, members].entries()) {
    truncationsAndMutations(Buffer.from(record, 'latin1'), { seed, mutations: 500 }, bytes => {
      const text = Buffer.from(bytes).toString('latin1');
      assert.ok(refusalOf(text) !== 'believed' || text === record);
      peekGroupRecord(text);
      recordName(text);
    });
    const { header } = partsOf(record);
    const part = Buffer.from(JSON.stringify(header)).toString('base64url');
    const signature = Buffer.alloc(64).toString('base64url');
    truncationsAndMutations(
      Buffer.from(record.split('.')[1]!, 'base64url'),
      { seed, mutations: 500 },
      bytes => {
        peekGroupRecord(`${part}.${Buffer.from(bytes).toString('base64url')}.${signature}`);
      },
    );
  }
});
