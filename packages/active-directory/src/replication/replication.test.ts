import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { addRidLayer, ntHash } from '@causeway/credentials';
import { encodeReply, type ReplyObject, recorded, sealSecret } from '@causeway/protocols/testing';
import { eventually } from '@causeway/service/testing';
import { encodeSid, encodeUtf16le, toHex, Writer } from '@causeway/wire';
import { ACCOUNT, afterBind, ScriptedDc } from '../testing/scripted-dc.ts';
import type { AttributeSet } from './attributes.ts';
import { openReplication } from './connection.ts';
import { findReplicationPort } from './endpoint.ts';
import type {
  ReplicatedDirectory,
  ReplicatedUser,
  ReplicationCookie,
  ReplicationPage,
} from './replication.ts';
import { ReplicationError } from './replication-error.ts';

const NC = 'DC=src,DC=test';
const SID = 'S-1-5-21-1-2-3-1105';
const INVOCATION_ID = '8f970554-6d72-46cd-ae74-65f0c490ace3';
const OTHER_ID = '11111111-2222-3333-4444-555555555555';
const SALT = new Uint8Array(16).fill(7);
const HASH = ntHash('a password of the test');

const guidOf = (i: number): string => `00000000-0000-0000-0000-${String(i).padStart(12, '0')}`;

/** A user with a password, as a DC sends it to a connection with this session key. */
function userObject(
  sessionKey: Uint8Array,
  i: number,
  attributes: ReplyObject['attributes'] = [],
): ReplyObject {
  const payload = sealSecret(sessionKey, SALT, addRidLayer(HASH, 1105));
  return {
    guid: guidOf(i),
    name: `CN=user${i},${NC}`,
    attributes: [
      { type: 0x9_005a, values: [payload] },
      { type: 0x9_0092, values: [encodeSid(SID)] },
      { type: 0x9_00dd, values: [encodeUtf16le(`user${i}`)] },
      ...attributes,
    ],
  };
}

const open = (
  dc: ScriptedDc,
  options: {
    password?: string;
    timeoutMs?: number;
    signal?: AbortSignal;
    directory?: ReplicatedDirectory;
  } = {},
) => {
  const { password = ACCOUNT.password, ...rest } = options;
  return openReplication({ host: '127.0.0.1', port: dc.port, account: { ...ACCOUNT, password }, ...rest });
};

async function pull(
  dc: ScriptedDc,
  cookie?: ReplicationCookie,
  attributeSet: AttributeSet = 'all',
): Promise<ReplicationPage[]> {
  await using connection = await open(dc);
  const pages: ReplicationPage[] = [];
  const options = { namingContext: NC, cookie, attributeSet };
  for await (const page of connection.replicateChanges(options)) pages.push(page);
  return pages;
}

const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ReplicationError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

/** Use this in assertions: a failing comparison must not print a hash. */
const isOurHash = (user: ReplicatedUser): boolean =>
  typeof user.ntHash !== 'string' && Buffer.compare(user.ntHash, HASH) === 0;

test('decrypts a page, and wipes it after use', async () => {
  await using dc = await ScriptedDc.start(
    afterBind((_call, { connection }) => {
      const more = [
        { type: 0x9_0008, values: [Uint8Array.of(0, 2, 0, 0)] },
        { type: 0x9_0060, values: [Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0x80)] },
        { type: 0x9_007d, values: [] },
        { type: 0x9_0290, values: [encodeUtf16le('user1@src.test')] },
      ];
      return encodeReply({ objects: [userObject(connection.sessionKey, 1, more)], to: 9n });
    }),
  );
  const [page] = await pull(dc);
  const [user] = page!.users;
  assert.ok(isOurHash(user!));
  const { ntHash: _, ...shown } = user!;
  assert.deepEqual(shown, {
    objectGuid: guidOf(1),
    distinguishedName: `CN=user1,${NC}`,
    objectSid: SID,
    isDeleted: false,
    sAMAccountName: 'user1',
    userPrincipalName: 'user1@src.test',
    userAccountControl: 512,
    pwdLastSet: -0x7fff_ffff_ffff_ffffn,
    kerberosKeys: 'cleared',
    passwordOrder: { version: 1, originatingTime: 13_439_848_819, originatingInvocationId: INVOCATION_ID },
  });
  page!.wipe();
  assert.ok(typeof user!.ntHash !== 'string' && user!.ntHash.every(byte => byte === 0));
});

test('reports a user whose secrets cannot be read, and processes the rest of the page', async () => {
  await using dc = await ScriptedDc.start(
    afterBind((_call, { connection }) => {
      const wrongKey = userObject(new Uint8Array(16), 1);
      const noSid = userObject(connection.sessionKey, 2);
      noSid.attributes = noSid.attributes.filter(({ type }) => type !== 0x9_0092);
      const tooShort = userObject(connection.sessionKey, 3);
      tooShort.attributes[0]!.values = [new Uint8Array(5)];
      const good = userObject(connection.sessionKey, 4);
      return encodeReply({ objects: [wrongKey, noSid, tooShort, good] });
    }),
  );
  const [page] = await pull(dc);
  assert.deepEqual(
    page!.users.map(user => user.problem?.split(':')[0]),
    ['unicodePwd', 'objectSid', 'unicodePwd', undefined],
  );
  for (const user of page!.users.slice(0, 3)) {
    assert.equal(user.ntHash, 'absent');
    assert.equal(user.kerberosKeys, 'absent');
    assert.ok(!user.problem!.includes(toHex(HASH)));
  }
  assert.ok(isOurHash(page!.users[3]!));
});

type Key = [enctype: number, length: number, iterations?: number];

/** KERB_STORED_CREDENTIAL_NEW ([MS-SAMR] 2.2.10.6), as Windows lays it out: entries, an empty one, salt, keys. */
function newerKeys(keys: Key[], { salt = 'SRC.TESTuser', revision = 4 } = {}): Uint8Array {
  const saltOffset = 24 + 24 * (keys.length + 1);
  const w = new Writer().u16le(revision).u16le(0).u16le(keys.length).zeros(6);
  w.u16le(2 * salt.length)
    .u16le(2 * salt.length)
    .u32le(saltOffset)
    .u32le(4096);
  let offset = saltOffset + 2 * salt.length;
  for (const [enctype, length, iterations = 4096] of keys) {
    w.zeros(8).u32le(iterations).u32le(enctype).u32le(length).u32le(offset);
    offset += length;
  }
  w.zeros(24).raw(encodeUtf16le(salt));
  for (const [enctype, length] of keys) w.raw(new Uint8Array(length).fill(enctype));
  return w.toBytes();
}

/** USER_PROPERTIES ([MS-SAMR] 2.2.10.1). */
function properties(...values: [name: string, value: Uint8Array][]): Uint8Array {
  const w = new Writer()
    .zeros(12)
    .raw(encodeUtf16le(' '.repeat(48)))
    .u16le(0x50)
    .u16le(values.length);
  for (const [name, value] of values) {
    w.u16le(2 * name.length)
      .u16le(2 * value.length)
      .u16le(1)
      .raw(encodeUtf16le(name));
    w.raw(new TextEncoder().encode(toHex(value)));
  }
  return w
    .u8(0)
    .setU32le(4, w.length - 13)
    .toBytes();
}

const NEWER = 'Primary:Kerberos-Newer-Keys';
const AES: Key[] = [
  [18, 32],
  [17, 16],
];
const blobOf = (...table: Parameters<typeof newerKeys>): Uint8Array =>
  properties([NEWER, newerKeys(...table)]);
const many = (count: number, key: Key): Key[] => Array.from({ length: count }, () => key);

/** What is in supplementalCredentials, and the outcome for the keys: why there are none, or their types. */
const KEY_SETS: [what: string, blob: Uint8Array, outcome: RegExp | number[]][] = [
  ['good keys', blobOf(AES), [18, 17]],
  ['a DES key of odd length', blobOf([...AES, [3, 7]]), [18, 17]],
  ['a key above 256 bytes', blobOf([[0x99, 257], ...AES]), [18, 17]],
  ['a DES key with another iteration count', blobOf([...AES, [3, 8, 1]]), [18, 17]],
  ['keys that would take more than 4,096 bytes', blobOf([...AES, ...many(20, [0x99, 256])]), [18, 17]],
  ['a salt that fills its limit', blobOf(AES, { salt: 's'.repeat(1024) }), [18, 17]],
  ['newer keys of revision 5', blobOf(AES, { revision: 5 }), /Revision: 4 expected, got 5/],
  ['an empty value', properties([NEWER, new Uint8Array(0)]), /Revision: 2 bytes expected, 0 left/],
  ['a property twice', properties([NEWER, newerKeys(AES)], [NEWER, newerKeys(AES)]), /that came before/],
  ['33 keys', blobOf(many(33, [18, 32])), /CredentialCount: 33 is above the limit of 32/],
  ['a salt of 1,025 characters', blobOf(AES, { salt: 's'.repeat(1025) }), /DefaultSaltLength: 2050 is above/],
  ['an empty salt', blobOf(AES, { salt: '' }), /a salt of 1 to 1024 characters of text expected/],
  ['one AES key alone', blobOf([[18, 32]]), /type 17 is missing/],
  [
    'AES keys cut off',
    blobOf([
      [18, 31],
      [17, 16],
    ]),
    /Credentials\/0\/KeyLength: 32 expected, got 31/,
  ],
  [
    'an iteration count of 2^32 - 1',
    blobOf([
      [18, 32, 0xffff_ffff],
      [17, 16],
    ]),
    /4096 expected, got 4294967295/,
  ],
  [
    '65 properties',
    properties(...many(65, [18, 0]).map((_, i): [string, Uint8Array] => [`${i}`, HASH])),
    /65 is above/,
  ],
  ['12 bytes', new Uint8Array(12), /13 bytes at least expected, got 12/],
  ['1 byte', new Uint8Array(1), /13 bytes at least expected, got 1$/],
  ['14 bytes', new Uint8Array(14), /supplementalCredentials\.Length/],
  ['110 bytes', blobOf(AES).subarray(0, 110), /supplementalCredentials\.Length/],
  [
    'bytes of padding behind it',
    Buffer.concat([blobOf(AES), new Uint8Array(3)]),
    /supplementalCredentials\.Length/,
  ],
];

test('keeps a good NT hash despite bad keys, and reports why the keys are missing', async () => {
  await using dc = await ScriptedDc.start(
    afterBind((_call, { connection }) => {
      const sealed = KEY_SETS.map(([, blob]) => sealSecret(connection.sessionKey, SALT, blob));
      const wrongChecksum = sealSecret(new Uint8Array(16), SALT, blobOf(AES));
      const objects = [...sealed, wrongChecksum, new Uint8Array(19)].map((value, i) =>
        userObject(connection.sessionKey, i + 1, [{ type: 0x9_007d, values: [value] }]),
      );
      return encodeReply({ objects });
    }),
  );
  const [page] = await pull(dc);
  const sets: [string, unknown, RegExp | number[]][] = [
    ...KEY_SETS,
    [
      'a wrong checksum of the keys alone',
      undefined,
      /^supplementalCredentials: the checksum does not match/,
    ],
    ['an envelope cut off', undefined, /^supplementalCredentials: at least 20 bytes expected, got 19/],
  ];
  assert.equal(page!.users.length, sets.length);
  for (const [i, [what, , outcome]] of sets.entries()) {
    const user = page!.users[i]!;
    assert.ok(user.problem === undefined && isOurHash(user), what);
    const { kerberosKeys: keys } = user;
    if (outcome instanceof RegExp) {
      assert.equal(keys, 'none', what);
      assert.match(user.keysProblem!, outcome, what);
    } else {
      assert.ok(typeof keys !== 'string' && user.keysProblem === undefined, what);
      assert.deepEqual(
        keys.keys.map(({ enctype }) => enctype),
        outcome,
        what,
      );
      assert.ok(
        keys.keys.every(({ enctype, key }) => key.every(byte => byte === enctype)),
        what,
      );
    }
  }
  page!.wipe();
});

test('a deleted user has neither hash nor keys, and a group is no user', async () => {
  const deleted: ReplyObject = {
    guid: guidOf(1),
    name: `CN=gone\\0ADEL:${guidOf(1)},CN=Deleted Objects,${NC}`,
    attributes: [
      { type: 0x2_0030, values: [Uint8Array.of(1, 0, 0, 0)] },
      { type: 0x9_005a, values: [] },
      { type: 0x9_007d, values: [] },
    ],
  };
  const group: ReplyObject = {
    guid: guidOf(2),
    name: `CN=group,${NC}`,
    attributes: [{ type: 0x9_00dd, values: [encodeUtf16le('group')] }],
  };
  await using dc = await ScriptedDc.start(afterBind(() => encodeReply({ objects: [deleted, group] })));
  const [page] = await pull(dc);
  assert.equal(page!.serverObjects, 2);
  assert.equal(page!.users.length, 1);
  const [user] = page!.users;
  assert.deepEqual([user!.isDeleted, user!.ntHash, user!.kerberosKeys], [true, 'cleared', 'cleared']);
});

test('reads an object without attributes, whichever way its DC encodes an empty list', async () => {
  for (const padding of [undefined, 0]) {
    await using dc = await ScriptedDc.start(
      afterBind((_call, { connection }) => {
        const bare: ReplyObject = { guid: guidOf(9), name: `CN=bare,${NC}`, attributes: [] };
        const objects = [userObject(connection.sessionKey, 1), bare, userObject(connection.sessionKey, 2)];
        return encodeReply({ objects, linkedValues: [], ...(padding !== undefined && { padding }) });
      }),
    );
    const [page] = await pull(dc);
    assert.equal(page!.serverObjects, 3);
    assert.deepEqual(page!.users.map(isOurHash), [true, true]);
  }
});

/** Answers a cycle of several pages, one user each. The last one has the vector. */
const pages = (count: number, invocationId = INVOCATION_ID) => {
  let sent = 0;
  return afterBind((_call, { connection }) => {
    sent++;
    const objects = [userObject(connection.sessionKey, sent)];
    const vector = [{ invocationId: OTHER_ID, usn: 5n }];
    const last = sent % count === 0;
    return encodeReply({
      invocationId,
      to: BigInt(sent * 100),
      more: !last,
      objects,
      ...(last ? { vector } : {}),
    });
  });
};

test('asks for the next page before it yields the current one, and for no more', async () => {
  await using dc = await ScriptedDc.start(pages(4));
  await using connection = await open(dc);
  let page = 0;
  for await (const { more } of connection.replicateChanges({ namingContext: NC })) {
    page++;
    const expected = Math.min(page + 1, 4);
    await eventually('the next page is asked for', () => dc.calls.length - 1 >= expected);
    await new Promise(resolve => setTimeout(resolve, 50)); // time in which a page too many would be asked for
    assert.equal(dc.calls.length - 1, expected);
    assert.equal(more, page < 4);
  }
  assert.equal(page, 4);
});

test('ends the cycle with a reason if a DC announces more for ever and brings nothing', async () => {
  for (const cookie of [undefined, cookieOf({})]) {
    const reply = (to: bigint, more: boolean, rest = {}) => encodeReply({ to, more, ...rest });
    // A page that moves the mark or brings a link continues the cycle. The same mark without content ends it.
    const link = { linkedValues: [{ object: 'CN=group', value: new Uint8Array(3) }] };
    const script = [reply(60n, true), reply(60n, true, link), reply(60n, true)];
    await using dc = await ScriptedDc.start(
      afterBind((_call, { calls }) => script[Math.min(calls.length - 2, script.length - 1)]!.slice()),
    );
    await assert.rejects(
      pull(dc, cookie),
      failsWith(
        'no-progress',
        /announces more changes, but sends neither an object, nor a link, nor another mark than 60/,
      ),
    );
    assert.equal(dc.calls.length - 1, script.length);
  }
  await using dc = await ScriptedDc.start(afterBind(() => encodeReply({ more: true })));
  await assert.rejects(pull(dc), failsWith('no-progress', /another mark than 0: /));
});

test('only the last page has a cookie, and the next cycle resumes from it', async () => {
  await using dc = await ScriptedDc.start(pages(2));
  const [first, last] = await pull(dc);
  assert.equal(first!.cookie, undefined);
  const cookie = last!.cookie!;
  assert.equal(cookie.invocationId, INVOCATION_ID);
  assert.deepEqual(cookie.highWaterMark, { highObjUpdate: '200', reserved: '0', highPropUpdate: '200' });
  assert.deepEqual(cookie.upToDateVector, [{ invocationId: OTHER_ID, usn: '5' }]);
  assert.deepEqual([first!.fullCycle, last!.fullCycle], [true, true]);

  const delta = await pull(dc, JSON.parse(JSON.stringify(cookie)));
  assert.deepEqual(
    delta.map(page => page.fullCycle),
    [false, false],
  );
  const request = dc.calls.at(-2)!.stub;
  assert.equal(toHex(request.subarray(48, 64)), toHex(recordedGuid(INVOCATION_ID)));
  assert.equal(new DataView(request.buffer, request.byteOffset).getBigUint64(72, true), 200n);
});

function recordedGuid(guid: string): Uint8Array {
  const reply = encodeReply({ invocationId: guid });
  return reply.subarray(24, 40);
}

const cookieOf = (cookie: Partial<ReplicationCookie>): ReplicationCookie => ({
  invocationId: INVOCATION_ID,
  highWaterMark: { highObjUpdate: '50', reserved: '0', highPropUpdate: '50' },
  upToDateVector: [{ invocationId: OTHER_ID, usn: '5' }],
  attributeSet: 'ee704753623ca00c',
  ...cookie,
});

const unusable: [string, Partial<ReplicationCookie>, number][] = [
  ['invocation-id', { invocationId: OTHER_ID }, 2],
  ['usn-rollback', { highWaterMark: { highObjUpdate: '5000', reserved: '0', highPropUpdate: '5000' } }, 2],
  ['attribute-set', { attributeSet: 'another' }, 1],
];
for (const [reason, part, calls] of unusable) {
  test(`starts a full cycle without mark or vector if the cookie cannot be used (${reason})`, async () => {
    await using dc = await ScriptedDc.start(
      afterBind((_call, { connection }) => {
        return encodeReply({ to: 100n, objects: [userObject(connection.sessionKey, 1)], vector: [] });
      }),
    );
    const all = await pull(dc, cookieOf(part));
    assert.equal(all.length, 1);
    assert.equal(all[0]!.fullCycle, true);
    assert.equal(all[0]!.fullCycleReason, reason);
    assert.equal(dc.calls.length - 1, calls);
    const last = dc.calls.at(-1)!.stub;
    assert.ok(
      last.subarray(48, 64).every(byte => byte === 0),
      'no invocation id',
    );
    assert.ok(
      last.subarray(72, 100).every(byte => byte === 0),
      'neither mark nor vector',
    );
  });
}

test('a cycle for passwords only asks for no name, and its cookie does not serve a cycle for everything', async () => {
  await using dc = await ScriptedDc.start(
    afterBind(() =>
      encodeReply({ to: 100n, objects: [], vector: [{ invocationId: INVOCATION_ID, usn: 100n }] }),
    ),
  );
  const [first] = await pull(dc, undefined, 'passwords');
  const asked = toHex(dc.calls.at(-1)!.stub);
  const attribute = (type: number): string => toHex(new Writer().u32le(type).toBytes());
  const [unicodePwd, objectSid, sAMAccountName] = [0x9_005a, 0x9_0092, 0x9_00dd].map(attribute);
  assert.ok(asked.includes(unicodePwd!) && asked.includes(objectSid!) && !asked.includes(sAMAccountName!));
  const { cookie } = first!;
  const again = await pull(dc, cookie, 'passwords');
  assert.deepEqual(
    again.map(({ fullCycle }) => fullCycle),
    [false],
  );
  const [page] = await pull(dc, cookie);
  assert.equal(page!.fullCycleReason, 'attribute-set');
});

test('detects by its own cursor a DC that returns a mark from its future', async () => {
  const asked: bigint[] = [];
  await using dc = await ScriptedDc.start(
    afterBind(({ stub }) => {
      const from = new DataView(stub.buffer, stub.byteOffset).getBigUint64(72, true);
      asked.push(from);
      return encodeReply({
        to: from === 0n ? 40n : from,
        vector: [{ invocationId: INVOCATION_ID, usn: 40n }],
      });
    }),
  );
  const upToDateVector = [{ invocationId: INVOCATION_ID, usn: '50' }];
  const [page] = await pull(dc, cookieOf({ upToDateVector }));
  assert.deepEqual(asked, [50n, 0n]);
  assert.equal(page!.fullCycleReason, 'usn-rollback');

  const fine = [{ invocationId: INVOCATION_ID, usn: '40' }];
  const [delta] = await pull(dc, cookieOf({ upToDateVector: fine }));
  assert.equal(delta!.fullCycle, false);
});

const DIRECTORY: ReplicatedDirectory = { domainSid: 'S-1-5-21-1-2-3', domainGuid: OTHER_ID };

test('uses nothing of a reply whose naming context is not the pinned one, even under the same name', async () => {
  const ours = { name: NC, guid: OTHER_ID, sid: 'S-1-5-21-1-2-3' };
  const ask = async (namingContext: { name: string; guid?: string; sid?: string }): Promise<unknown> => {
    await using dc = await ScriptedDc.start(
      afterBind((_, { connection, calls }) =>
        calls.length === 2
          ? encodeReply({ namingContext: ours, extendedResult: 1 })
          : encodeReply({ namingContext, more: true, objects: [userObject(connection.sessionKey, 1)] }),
      ),
    );
    await using connection = await open(dc, { directory: DIRECTORY });
    try {
      for await (const page of connection.replicateChanges({ namingContext: NC })) {
        page.wipe();
        return page.users.length;
      }
    } catch (error) {
      assert.equal(dc.calls.length, 3, 'no second page is asked for');
      return error instanceof ReplicationError ? `${error.code}: ${error.message}` : error;
    }
    return undefined;
  };
  assert.equal(await ask(ours), 1);
  assert.equal(await ask({ name: NC, guid: OTHER_ID }), 1);
  assert.match(
    String(await ask({ ...ours, guid: INVOCATION_ID })),
    /^other-directory: .*another directory: .*S-1-5-21-1-2-3 .*expected, DC=src,DC=test came/,
  );
  assert.match(String(await ask({ ...ours, sid: 'S-1-5-21-9-9-9' })), /^other-directory: .*S-1-5-21-9-9-9/);
  assert.match(String(await ask({ name: NC })), /^other-directory/);
});

test('refuses at connect a DC that serves another directory than the expected one', async () => {
  const replies = [
    encodeReply({ status: 8439 }),
    encodeReply({ namingContext: { name: NC, guid: INVOCATION_ID }, extendedResult: 1 }),
    encodeReply({ namingContext: { name: NC, guid: OTHER_ID, sid: 'S-1-5-21-9-9-9' }, extendedResult: 1 }),
  ];
  for (const reply of replies) {
    await using dc = await ScriptedDc.start(afterBind(() => reply.slice()));
    await assert.rejects(open(dc, { directory: DIRECTORY }), { code: 'other-directory' });
  }
});

test("reports a user with another domain's SID without decrypting the hash, and keeps the other users", async () => {
  await using dc = await ScriptedDc.start(
    afterBind((_, { connection }) => {
      const stranger = userObject(connection.sessionKey, 2);
      stranger.attributes[1]!.values = [encodeSid('S-1-5-21-9-9-9-1105')];
      const objects = [userObject(connection.sessionKey, 1), stranger];
      return encodeReply({ namingContext: { name: NC, guid: OTHER_ID }, objects });
    }),
  );
  await using connection = await open(dc, { directory: DIRECTORY });
  for await (const { users, wipe } of connection.replicateChanges({ namingContext: NC })) {
    const [own, other] = users;
    assert.equal(own!.problem, undefined);
    assert.notEqual(typeof own!.ntHash, 'string');
    assert.equal(other!.ntHash, 'absent');
    assert.match(other!.problem!, /S-1-5-21-1-2-3 expected, S-1-5-21-9-9-9-1105 came/);
    wipe();
  }
});

test('keeps the connection usable after a caller stops in the middle of a cycle', async () => {
  await using dc = await ScriptedDc.start(pages(3));
  await using connection = await open(dc);
  for await (const page of connection.replicateChanges({ namingContext: NC })) {
    page.wipe();
    break;
  }
  assert.ok(await connection.replicateObject({ objectGuid: guidOf(1) }).then(() => true, isRefused));
});

const isRefused = (error: unknown): boolean => error instanceof ReplicationError && error.code === 'refused';

test('sends our prefix table from then on to a DC that does not know our attributes by its own', async () => {
  const prefixCount = (stub: Uint8Array): number =>
    new DataView(stub.buffer, stub.byteOffset).getUint32(136, true);
  let refusals = 0;
  await using dc = await ScriptedDc.start(
    afterBind(({ stub }) => {
      if (prefixCount(stub) > 0) return encodeReply({ extendedResult: 1 });
      refusals++;
      return encodeReply({ status: 8418 });
    }),
  );
  await using connection = await open(dc);
  for (let i = 0; i < 2; i++) for await (const _ of connection.replicateChanges({ namingContext: NC }));
  assert.equal(refusals, 1);
});

test('explains each replication error that sites meet, with the next step', async () => {
  const told: [werror: number, words: RegExp][] = [
    [8438, /^error 8438, .*too busy.*; Connect retries/],
    [8442, /^error 8442, internal error.*; .*dcdiag/],
    [8446, /^error 8446, .*out of memory; .*restart/],
    [8451, /^error 8451, .*database; check its disk/],
    [8452, /^error 8452, .*naming context.*; .*'server' of the connector/],
    [8454, /^error 8454, .*support.*; .*'server' of the connector/],
    [8455, /^error 8455, .*cancelled.*; Connect retries/],
    [8456, /^error 8456, its outbound replication is disabled; .*-DISABLE_OUTBOUND_REPL/],
    [8457, /^error 8457, its inbound replication is disabled.*; .*-DISABLE_INBOUND_REPL/],
    [8461, /^error 8461, .*urgent.*; Connect retries/],
    [8464, /^error 8464, .*attributes.*; .*'server' of the connector/],
    [8439, /^error 8439, .*distinguished name; check 'server' and 'namingContext'/],
    [8440, /^error 8440, .*naming context; check 'server' and 'namingContext'/],
    [8418, /^error 8418, schema mismatch; wait/],
    [9999, /^error 9999$/],
  ];
  let answer = encodeReply({});
  await using dc = await ScriptedDc.start(afterBind(() => answer.slice()));
  await using connection = await open(dc);
  for (const [status, words] of told) {
    // As the call's own return value, and within a reply.
    for (const reply of [{ status }, { drsError: status }]) {
      answer = encodeReply(reply);
      await assert.rejects(connection.replicateChanges({ namingContext: NC }).next(), (error: unknown) => {
        failsWith('refused', /^127\.0\.0\.1 refuses: error /)(error);
        const { message, werror } = error as ReplicationError;
        assert.equal(werror, status);
        assert.match(message.replace('127.0.0.1 refuses: ', ''), words);
        return true;
      });
    }
  }
});

test('explains a known fault, too', async () => {
  for (const [fault, words] of [
    [0x6ba, /status 0x000006ba: its RPC server is unavailable; see that its directory service runs/],
    [0x6d9, /status 0x000006d9: its replication service is not registered; /],
    [0x6d8, /status 0x000006d8$/],
  ] as const) {
    await using dc = await ScriptedDc.start(
      afterBind((_, { calls }) => (calls.length > 2 ? { fault } : encodeReply({ more: true, to: 1n }))),
    );
    await assert.rejects(pull(dc), failsWith('fault', words));
  }
});

test('binds a second time if the DC has another replication epoch', async () => {
  const renamed = recorded.DRS_BIND_REPLY.slice();
  renamed[12 + 24] = 3;
  await using dc = await ScriptedDc.start(() => renamed);
  await using _connection = await open(dc);
  assert.equal(dc.calls.length, 2);
  assert.equal(dc.calls[1]!.stub.at(-4), 3);
});

for (const status of [8439, 8333]) {
  test(`returns undefined and no error for an object that does not exist (${status})`, async () => {
    await using dc = await ScriptedDc.start(afterBind(() => encodeReply({ status })));
    await using connection = await open(dc);
    assert.equal(await connection.replicateObject({ objectGuid: guidOf(1) }), undefined);
  });
}

for (const [who, namesToo] of [
  ['neither right', false],
  ['only the first right', true],
] as const) {
  test(`for an account with ${who}, names what it lacks, where, and the commands that grant it`, async () => {
    await using dc = await ScriptedDc.start(
      afterBind(({ stub }) => {
        const attributes = new DataView(stub.buffer, stub.byteOffset).getUint32(stub.length - 8, true);
        const harmless = attributes === 1; // the count, before the only one
        return encodeReply({ status: harmless && namesToo ? 0 : 8453 });
      }),
    );
    await assert.rejects(pull(dc), (error: unknown) => {
      failsWith(
        'access-denied',
        /SRC\\svcsync lacks .*'Replicating Directory Changes All' on DC=src,DC=test/,
      )(error);
      const { message, werror } = error as ReplicationError;
      assert.equal(werror, 8453);
      assert.equal(message.includes("'Replicating Directory Changes' and"), !namesToo);
      assert.match(
        message,
        /dsacls "DC=src,DC=test" \/G "SRC\\svcsync:CA;Replicating Directory Changes All"/,
      );
      assert.match(message, /samba-tool dsacl set .*--car=get-changes-all/);
      assert.match(message, /causeway connect account create/);
      return true;
    });
  });
}

test('reports a wrong password as a logon failure', async () => {
  await using dc = await ScriptedDc.start(afterBind(() => 'silence'));
  await assert.rejects(open(dc, { password: 'wrong' }), failsWith('logon-failure', /logon of SRC\\svcsync/));
});

test('reports a DC that hangs up after the logon as a logon failure', async () => {
  await using dc = await ScriptedDc.start(() => 'close');
  await assert.rejects(open(dc), failsWith('logon-failure', /does not accept the logon/));
});

test('reports a DC that closes mid-fragment as a lost connection', async () => {
  await using dc = await ScriptedDc.start(
    afterBind((_call, { connection }) => {
      const stub = encodeReply({ objects: [userObject(connection.sessionKey, 1)] });
      const bytes = Buffer.concat(connection.respond(stub));
      return { raw: bytes.subarray(0, bytes.length - 10), close: true };
    }),
  );
  await assert.rejects(pull(dc), failsWith('closed', /closed the connection/));
});

test('a fault in the middle of a cycle ends it, and keeps the first page good', async () => {
  let calls = 0;
  await using dc = await ScriptedDc.start(
    afterBind((_call, { connection }) => {
      if (++calls > 1) return { fault: 0x6d8 };
      return encodeReply({ more: true, objects: [userObject(connection.sessionKey, 1)] });
    }),
  );
  await using connection = await open(dc);
  const cycle = connection.replicateChanges({ namingContext: NC });
  const first = await cycle.next();
  assert.ok(isOurHash((first.value as ReplicationPage).users[0]!));
  await assert.rejects(cycle.next(), failsWith('fault', /status 0x000006d8/));
});

test('rejects a reply with a false length', async () => {
  await using dc = await ScriptedDc.start(
    afterBind(() => {
      const stub = encodeReply({});
      new DataView(stub.buffer).setUint32(112, 5000, true); // cNumObjects
      return stub;
    }),
  );
  await assert.rejects(pull(dc), (error: unknown) => {
    failsWith('protocol', /cannot be understood/)(error);
    assert.match(String((error as Error).cause), /cNumObjects: 5000 announced, 0 came/);
    return true;
  });
});

test('rejects a fragment with a false length', async () => {
  await using dc = await ScriptedDc.start(
    afterBind((_call, { connection }) => {
      const bytes = Buffer.concat(connection.respond(encodeReply({})));
      bytes.writeUInt16LE(0xffff, 8);
      return { raw: bytes };
    }),
  );
  await assert.rejects(pull(dc), failsWith('protocol', /cannot be understood/));
});

test('detects a bit that flips on the way', async () => {
  await using dc = await ScriptedDc.start(
    afterBind((_call, { connection }) => {
      const bytes = Buffer.concat(connection.respond(encodeReply({})));
      bytes[40]! ^= 1;
      return { raw: bytes };
    }),
  );
  await assert.rejects(pull(dc), failsWith('protocol', /cannot be understood/));
});

test('times out if the DC stays silent', async () => {
  await using dc = await ScriptedDc.start(afterBind(() => 'silence'));
  await using connection = await open(dc, { timeoutMs: 100 });
  const cycle = connection.replicateChanges({ namingContext: NC });
  await assert.rejects(cycle.next(), failsWith('timeout', /does not answer within 0\.1 s/));
});

test('an abort ends a pending call', async () => {
  await using dc = await ScriptedDc.start(afterBind(() => 'silence'));
  const abort = new AbortController();
  await using connection = await open(dc, { signal: abort.signal });
  const cycle = connection.replicateChanges({ namingContext: NC });
  setTimeout(() => abort.abort(), 20);
  await assert.rejects(cycle.next(), failsWith('aborted', /aborted/));
});

/** A server that sends the same bytes to every client. */
async function saying(bytes: Uint8Array): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer(socket => {
    socket.on('error', () => {});
    socket.resume();
    socket.end(bytes);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: () => new Promise<void>(resolve => server.close(() => resolve())),
  };
}

const rejection: [string, Uint8Array, string, RegExp][] = [
  [
    'a bind_nak',
    Buffer.from('05000d03100000001500000001000000080001050000', 'hex').subarray(0, 21),
    'protocol',
    /./,
  ],
  ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'protocol', /cannot be understood/],
  ['nothing', new Uint8Array(0), 'closed', /closed the connection/],
];
for (const [what, bytes, code, message] of rejection) {
  test(`rejects a server that answers the bind with ${what}`, async () => {
    await using server = await saying(bytes);
    const opening = openReplication({ host: '127.0.0.1', port: server.port, account: ACCOUNT });
    await assert.rejects(opening, failsWith(code, message));
  });
}

test('reports a host where nothing listens', async () => {
  const opening = openReplication({ host: '127.0.0.1', port: 1, account: ACCOUNT });
  await assert.rejects(opening, failsWith('unreachable', /cannot connect to 127\.0\.0\.1:1/));
});

test('takes the port from the endpoint mapper, whatever address it names beside it', async () => {
  await using mapper = await ScriptedDc.startMapper(() => recorded.EPT_MAP_REPLY);
  const options = { host: '127.0.0.1', mapperPort: mapper.port, timeoutMs: 1000 };
  assert.equal(await findReplicationPort(options), 49153);
});

test('reports a host without the replication service as no domain controller', async () => {
  const none = new Uint8Array(40);
  none.set([0xd6, 0xa0, 0xc9, 0x16], 36);
  await using mapper = await ScriptedDc.startMapper(() => none);
  const options = { host: '127.0.0.1', mapperPort: mapper.port, timeoutMs: 1000 };
  await assert.rejects(findReplicationPort(options), failsWith('not-a-dc', /no replication service/));
});

test('reports an endpoint mapper that requires authentication', async () => {
  await using mapper = await ScriptedDc.startMapper(() => ({ fault: 5 }));
  const options = { host: '127.0.0.1', mapperPort: mapper.port, timeoutMs: 1000 };
  await assert.rejects(findReplicationPort(options), failsWith('fault', /name the replication port/));
});
