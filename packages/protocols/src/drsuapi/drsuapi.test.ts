import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openReplicationPayload, removeRidLayer } from '@causeway/credentials';
import {
  DecodeError,
  decodeSid,
  decodeUtf16le,
  dstimeToDate,
  fromHex,
  MAX_DSTIME,
  ridOf,
  toHex,
  Writer,
} from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { encodeWideString } from '../ndr/ndr.ts';
import * as recorded from '../testing/recorded.ts';
import { encodeReply, type ReplyObject } from '../testing/reply-builder.ts';
import { decodeDrsBindReply, encodeDrsBind } from './bind.ts';
import { decodeCrackNamesReply, encodeCrackNames, NameFormat } from './crack-names.ts';
import { decodeDomainControllerInfoReply, encodeDomainControllerInfo } from './domain-controller-info.ts';
import { decodeReply, decodeReplyHeader, decodeReplyStatus } from './get-nc-changes-reply.ts';
import { encodeGetNCChanges, type GetNCChangesRequest } from './get-nc-changes-request.ts';
import { EXOP_REPL_OBJ } from './interface.ts';
import { PrefixTable } from './prefix-table.ts';
import { decodePropertyMetaData, MAX_OBJECTS } from './replicated-object.ts';

const OBJECT_GUID = '434aebef-ddf9-4022-aafe-805a7506dc3a';
const INVOCATION_ID = '71890554-6cd2-46d7-ae74-65f0c490ace3';

const recordedRequest: GetNCChangesRequest = {
  level: 8,
  handle: recorded.GET_NC_CHANGES_REQUEST.slice(0, 20),
  object: { guid: OBJECT_GUID },
  flags: 0x30,
  maxObjects: 1,
  maxBytes: 0x80_0000,
  extendedOperation: EXOP_REPL_OBJ,
  attributes: [0x9_00dd, 0x9_005a, 0x9_005e],
};

test('writes and reads the recorded DRSBind byte for byte', () => {
  assert.equal(toHex(encodeDrsBind({ flags: 0x0540_8001 })), toHex(recorded.DRS_BIND_REQUEST));
  const reply = decodeDrsBindReply(recorded.DRS_BIND_REPLY);
  assert.equal(reply.extensions.flags, 0x2fff_ff6f);
  assert.equal(reply.extensions.siteGuid, '8dc74929-8d80-4725-ad84-fd92b2ccf551');
  assert.equal(reply.extensions.replicationEpoch, 0);
  assert.equal(toHex(reply.handle), '00000000e1138f4c052a8142b949926f9ea5603e');
  assert.equal(reply.status, 0);
});

test('sends and reads a replication epoch', () => {
  const request = encodeDrsBind({ flags: 1, replicationEpoch: 5 });
  assert.equal(request.at(-4), 5);
  const reply = recorded.DRS_BIND_REPLY.slice();
  reply[12 + 24] = 5;
  assert.equal(decodeDrsBindReply(reply).extensions.replicationEpoch, 5);
});

test('writes the recorded GetNCChanges request, level 8, byte for byte', () => {
  assert.equal(toHex(encodeGetNCChanges(recordedRequest)), toHex(recorded.GET_NC_CHANGES_REQUEST));
});

test('level 10 puts its further flags between the fixed part and what follows', () => {
  const v8 = recorded.GET_NC_CHANGES_REQUEST;
  const v10 = encodeGetNCChanges({ ...recordedRequest, level: 10 });
  const expected = Buffer.concat([v8.subarray(0, 144), new Uint8Array(4), v8.subarray(144)]);
  expected[20] = 10;
  expected[24] = 10;
  assert.equal(toHex(v10), toHex(expected));
});

test('writes vector and prefix table after the name, in the order of their pointers', () => {
  const stub = encodeGetNCChanges({
    ...recordedRequest,
    invocationId: INVOCATION_ID,
    from: { highObjUpdate: 5322n, reserved: 7n, highPropUpdate: 1n },
    upToDateVector: [{ invocationId: INVOCATION_ID, usn: 0x1122_3344_5566_7788n }],
    prefixes: new Map([[9, fromHex('2a864886f7140104')]]),
  });
  const hex = toHex(stub);
  assert.equal(hex.slice(48 * 2, 64 * 2), '54058971d26cd746ae7465f0c490ace3');
  assert.equal(hex.slice(72 * 2, 96 * 2), 'ca140000000000000700000000000000'.concat('0100000000000000'));
  const vector = '0100000000000000010000000000000054058971d26cd746ae7465f0c490ace38877665544332211';
  assert.equal(hex.indexOf(vector) % 16, 0, 'a vector begins at a multiple of 8');
  assert.ok(hex.indexOf(vector) > 0);
  assert.ok(hex.endsWith(`080000002a864886f714010415000000ff${'00'.repeat(20)}`));
});

test('reads one object, its attributes, metadata and secrets from the recorded reply', () => {
  const reply = decodeReply(recorded.GET_NC_CHANGES_REPLY);
  assert.equal(reply.invocationId, INVOCATION_ID);
  assert.equal(reply.extendedResult, 1);
  assert.equal(reply.more, false);
  assert.equal(reply.status, 0);
  assert.equal(reply.upToDateVector, undefined);
  const [object] = reply.objects;
  assert.equal(object!.name.guid, OBJECT_GUID);
  assert.equal(object!.name.name, 'CN=katuser,CN=Users,DC=src,DC=test');
  assert.equal(ridOf(decodeSid(object!.name.sid!)), 3105);
  assert.deepEqual(
    object!.attributes.map(({ type }) => reply.prefixTable.oidOf(type)),
    ['1.2.840.113556.1.4.90', '1.2.840.113556.1.4.94', '1.2.840.113556.1.4.221'],
  );
  const [password, history, name] = object!.attributes;
  assert.equal(decodeUtf16le(name!.values[0]!), 'katuser');
  const { version, timeChanged, originatingUsn } = decodePropertyMetaData(password!.metaData!);
  assert.deepEqual(
    { version, timeChanged, originatingUsn },
    {
      version: 2,
      timeChanged: 13_439_848_819,
      originatingUsn: 6601n,
    },
  );
  const sessionKey = new Uint8Array(16).fill(0x55);
  for (const { values } of [password!, history!]) {
    const hash = removeRidLayer(openReplicationPayload(sessionKey, values[0]!, 'value'), 3105);
    assert.ok(toHex(hash) === '92937945b518814341de3f726500d4ff', 'the published hash comes out');
  }
});

test("reads from a reply's header all that the next request needs", () => {
  const header = decodeReplyHeader(encodeReply({ to: 99n, more: true }));
  assert.equal(header.to.highObjUpdate, 99n);
  assert.equal(header.to.highPropUpdate, 0n);
  assert.equal(header.more, true);
});

const attribute = (type: number, ...values: string[]) => ({ type, values: values.map(fromHex) });
const threeObjects: ReplyObject[] = [1, 2, 3].map(i => ({
  guid: `0000000${i}-0000-0000-0000-000000000000`,
  name: `CN=${'x'.repeat(i)},DC=src,DC=test`,
  attributes: [attribute(0x9_0008, '00020000'), attribute(0x9_005a), attribute(0x2_0030, '01', '0203')],
}));

for (const version of [1, 6, 9] as const) {
  test(`reads a V${version} reply with several objects, a vector and cleared attributes`, () => {
    const vector = [{ invocationId: INVOCATION_ID, usn: 77n }];
    const reply = decodeReply(encodeReply({ version, objects: threeObjects, vector, to: 5n }));
    assert.deepEqual(reply.upToDateVector, vector);
    assert.deepEqual(
      reply.objects.map(({ name }) => name.name),
      threeObjects.map(({ name }) => name),
    );
    for (const { attributes } of reply.objects) {
      assert.deepEqual(
        attributes.map(({ values }) => values.map(toHex)),
        [['00020000'], [], ['01', '0203']],
      );
      assert.equal(decodePropertyMetaData(attributes[2]!.metaData!).version, 1);
    }
  });
}

for (const version of [6, 9] as const) {
  test(`skips linked values of a V${version} reply`, () => {
    const linkedValues = [1, 2, 3].map(i => ({ object: `CN=group${i}`, value: new Uint8Array(i) }));
    const stub = encodeReply({ version, objects: threeObjects, linkedValues, status: 0 });
    assert.equal(decodeReply(stub).objects.length, 3);
    const wrong = encodeReply({ version: version === 6 ? 9 : 6, linkedValues });
    wrong[0] = version;
    wrong[4] = version;
    assert.throws(() => decodeReply(wrong), DecodeError);
  });
}

test('reads the recorded reply also with padding behind its empty list of linked values', () => {
  const { GET_NC_CHANGES_REPLY: recording } = recorded;
  // The list's count ends at 1796. An element would begin at 1800.
  const padded = Uint8Array.of(...recording.subarray(0, 1796), 0, 0, 0, 0, ...recording.subarray(1796));
  assert.deepEqual(decodeReply(padded).objects, decodeReply(recording).objects);
});

test('reads objects without attributes from senders that pad empty arrays, and from those that do not', () => {
  const bare: ReplyObject = { ...threeObjects[0]!, attributes: [] };
  const full = threeObjects[1]!;
  const link = { object: 'CN=group', value: new Uint8Array(3) };
  const names = ({ objects }: ReturnType<typeof decodeReply>) =>
    objects.map(({ name, attributes }) => [name.name, attributes.length]);
  let read = 0;
  for (const objects of [[bare], [bare, bare], [bare, full], [full, bare], [bare, full, bare]]) {
    for (const links of [undefined, [], [link], [link, link]]) {
      for (const padding of [undefined, 0, 0xcc]) {
        for (const version of [6, 9] as const) {
          const reply = {
            version,
            objects,
            ...(links && { linkedValues: links }),
            ...(padding !== undefined && { padding }),
          };
          const expected = objects.map(({ name, attributes }) => [name, attributes.length]);
          assert.deepEqual(names(decodeReply(encodeReply(reply))), expected);
          read++;
        }
      }
    }
  }
  assert.equal(read, 120);
});

test('decodes a page of 20,000 objects without a deep stack', () => {
  const objects = Array.from({ length: MAX_OBJECTS }, (_, i) => ({ ...threeObjects[0]!, name: `CN=${i}` }));
  assert.equal(decodeReply(encodeReply({ objects })).objects[19_999]!.name.name, 'CN=19999');
});

test('rejects a time that no date can hold, by its name', () => {
  const metaData = (time: bigint) => new Writer().u32le(1).zeros(4).u64le(time).zeros(24).toBytes();
  const last = decodePropertyMetaData(metaData(MAX_DSTIME));
  assert.equal(dstimeToDate(BigInt(last.timeChanged)).toISOString(), '+275760-09-13T00:00:00.000Z');
  for (const time of [MAX_DSTIME + 1n, 2n ** 60n]) {
    assert.throws(() => decodePropertyMetaData(metaData(time)), {
      field: 'PROPERTY_META_DATA_EXT.timeChanged',
      reason: 'limit',
    });
  }
});

test('the last four bytes of a refused call are its status', () => {
  assert.equal(decodeReplyStatus(encodeReply({ status: 8453 })), 8453);
  assert.equal(decodeReplyHeader(encodeReply({ drsError: 8418 })).drsError, 8418);
});

// DSInternals, PrefixTableTester.
const EXCHANGE_PREFIX_MAP = fromHex(
  '060000006200000023480b002a864886f7140104b658664f310c002a864886f7140104b658668331090c002a864886f7140105b6583e83dc600a002a864886f714010614014b6d0a002a864886f714010614024f750b002a864886f7140106140183',
);

/** The default prefixes of a recorded reply, with those of a stored prefixMap. */
function tableWith(map: Uint8Array): PrefixTable {
  const prefixes = new Map<number, Uint8Array>([
    [0, fromHex('5504')],
    [2, fromHex('2a864886f7140102')],
    [9, fromHex('2a864886f7140104')],
    [27, fromHex('2b060104018b3a6577')],
  ]);
  const view = Buffer.from(map);
  for (let at = 8; at < view.length; at += 4 + view.readUInt16LE(at + 2)) {
    const length = view.readUInt16LE(at + 2);
    prefixes.set(view.readUInt16LE(at), new Uint8Array(view.subarray(at + 4, at + 4 + length)));
  }
  return new PrefixTable(prefixes);
}

const KNOWN_TYPES: [number, string][] = [
  [42, '2.5.4.42'],
  [589_970, '1.2.840.113556.1.4.146'],
  [131_406, '1.2.840.113556.1.2.334'],
  [1_769_475, '1.3.6.1.4.1.1466.101.119.3'],
  [827_294_608, '1.2.840.113556.1.4.7000.102.50064'],
  [1_210_264_401, '1.2.840.113556.1.4.7000.102.11089'],
];
for (const [type, oid] of KNOWN_TYPES) {
  test(`maps ATTRTYP ${type} to ${oid} and back`, () => {
    const table = tableWith(EXCHANGE_PREFIX_MAP);
    assert.equal(table.oidOf(type), oid);
    assert.equal(table.typeOf(oid), type);
  });
}

test('maps neither a type nor an OID that the table does not cover', () => {
  const table = tableWith(EXCHANGE_PREFIX_MAP);
  assert.equal(table.oidOf(0x8000_0001), undefined);
  assert.equal(table.oidOf(0x0063_0001), undefined);
  assert.equal(table.typeOf('1.3.9999.1'), undefined);
});

test('requests names, and reads the answers in their order', () => {
  const handle = new Uint8Array(20);
  const names = ['CORP\\alice', 'CORP\\é'];
  const stub = encodeCrackNames({ handle, offered: NameFormat.nt4Account, desired: NameFormat.guid, names });
  assert.ok(toHex(stub).includes(toHex(Buffer.from('CORP\\alice\0', 'utf16le'))));

  const w = new Writer().u32le(1).u32le(1).u32le(1).u32le(2).u32le(1).u32le(2);
  w.u32le(0).u32le(1).u32le(1).u32le(2).u32le(1).u32le(0);
  for (const text of ['corp.example.com', '{guid}', 'corp.example.com']) encodeWideString(w, text);
  const reply = w.align(4).u32le(0).toBytes();
  const found = [
    { status: 0, domain: 'corp.example.com', name: '{guid}' },
    { status: 2, domain: 'corp.example.com', name: undefined },
  ];
  assert.deepEqual(decodeCrackNamesReply(reply), { names: found, status: 0 });
  truncationsAndMutations(reply, { seed: 31 }, decodeCrackNamesReply);
});

test('reads domain controllers with their roles', () => {
  assert.ok(encodeDomainControllerInfo({ handle: new Uint8Array(20), domain: 'CORP' }).length > 36);
  const w = new Writer().u32le(2).u32le(2).u32le(1).u32le(1).u32le(1);
  for (const has of [1, 1, 1, 0, 1, 1, 1]) w.u32le(has);
  w.u32le(1).u32le(1).u32le(0).zeros(48).raw(recorded.GET_NC_CHANGES_REPLY.subarray(24, 40));
  for (const text of ['DC1', 'dc1.corp', 'Site', 'CN=DC1', 'CN=S', 'CN=N']) encodeWideString(w, text);
  const reply = w.align(4).u32le(0).toBytes();
  const { controllers, status } = decodeDomainControllerInfoReply(reply);
  assert.equal(status, 0);
  assert.equal(controllers.length, 1);
  assert.equal(controllers[0]!.dnsHostName, 'dc1.corp');
  assert.equal(controllers[0]!.ntdsDsaName, 'CN=N');
  assert.equal(controllers[0]!.isPdc, true);
  assert.equal(controllers[0]!.isGlobalCatalog, false);
  truncationsAndMutations(reply, { seed: 32 }, decodeDomainControllerInfoReply);
});

test('reads or rejects by field every truncated or altered DRSBind reply', () => {
  truncationsAndMutations(recorded.DRS_BIND_REPLY, { seed: 33 }, decodeDrsBindReply);
});

test('reads or rejects by field every truncated or altered recorded reply', () => {
  truncationsAndMutations(recorded.GET_NC_CHANGES_REPLY, { seed: 34 }, bytes => {
    decodeReplyHeader(bytes);
    const { objects, prefixTable } = decodeReply(bytes);
    for (const { attributes } of objects) for (const { type } of attributes) prefixTable.oidOf(type);
  });
});

test('reads or rejects by field every truncated or altered reply with padded empty arrays', () => {
  const objects = [{ ...threeObjects[0]!, attributes: [] }, threeObjects[1]!];
  truncationsAndMutations(encodeReply({ objects, linkedValues: [], padding: 0 }), { seed: 35 }, decodeReply);
});

for (const version of [1, 6, 9] as const) {
  test(`reads or rejects by field every truncated or altered V${version} reply`, () => {
    const vector = [{ invocationId: INVOCATION_ID, usn: 77n }];
    const linkedValues = version === 1 ? [] : [{ object: 'CN=group', value: new Uint8Array(3) }];
    const stub = encodeReply({ version, objects: threeObjects, vector, linkedValues });
    truncationsAndMutations(stub, { seed: 40 + version }, decodeReply);
  });
}
