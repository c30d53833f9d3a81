import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Rc4 } from '@causeway/credentials';
import { encodeGuid, encodeSid, encodeUtf16le, type Guid, type Sid, Writer } from '@causeway/wire';

/** One object of a scripted reply. */
export interface ReplyObject {
  guid: Guid;
  name: string;
  sid?: Sid;
  attributes: {
    type: number;
    values: Uint8Array[];
    metaData?: { version: number; timeChanged: bigint; invocationId: Guid; usn: bigint };
  }[];
}

/** ENCRYPTED_PAYLOAD, as a DC builds it ([MS-DRSR] 4.1.10.6.13). */
export function sealSecret(sessionKey: Uint8Array, salt: Uint8Array, data: Uint8Array): Uint8Array {
  const key = createHash('md5').update(sessionKey).update(salt).digest();
  const plain = new Writer().u32le(crc32(data)).raw(data).toBytes();
  return new Writer().raw(salt).raw(new Rc4(key).process(plain)).toBytes();
}

const INVOCATION_ID = '8f970554-6d72-46cd-ae74-65f0c490ace3';

/**
 * A GetNCChanges reply in a DC's layout ([MS-DRSR] 4.1.10.2.8 to 4.1.10.2.14): for scripted peers, and for parts of the format that no
 * recording shows (V1, V9, several objects, linked values, vectors).
 */
export function encodeReply(reply: {
  version?: 1 | 6 | 9;
  invocationId?: Guid;
  to?: bigint;
  more?: boolean;
  extendedResult?: number;
  drsError?: number;
  status?: number;
  vector?: { invocationId: Guid; usn: bigint }[];
  namingContext?: { name: string; guid?: Guid; sid?: Sid };
  objects?: ReplyObject[];
  /** An empty list has a pointer all the same, as Samba sends it. */
  linkedValues?: { object: string; value: Uint8Array }[];
  /** The byte that pads an empty array up to where its first element would begin, as engines modelled on Windows do. Samba does not pad. */
  padding?: number;
}): Uint8Array {
  const { version = 6, objects = [], vector, to = 0n, linkedValues, padding } = reply;
  const w = new Writer(4096).u32le(version).u32le(version).zeros(16);
  w.raw(encodeGuid(reply.invocationId ?? INVOCATION_ID))
    .u32le(1)
    .align(8);
  w.zeros(24)
    .u64le(to)
    .u64le(0n)
    .u64le(reply.more ? 0n : to);
  w.u32le(vector ? 1 : 0)
    .u32le(3)
    .u32le(1)
    .u32le(reply.extendedResult ?? 0);
  w.u32le(objects.length)
    .u32le(0)
    .u32le(objects.length > 0 ? 1 : 0)
    .u32le(reply.more ? 1 : 0);
  if (version !== 1) {
    w.u32le(0)
      .u32le(0)
      .u32le(linkedValues?.length ?? 0)
      .u32le(linkedValues ? 1 : 0);
    w.u32le(reply.drsError ?? 0);
  }
  const { name, guid, sid } = reply.namingContext ?? { name: 'DC=src,DC=test' };
  encodeName(w, name, guid, sid);
  if (vector) {
    w.align(4)
      .u32le(vector.length)
      .align(8)
      .u32le(version === 1 ? 1 : 2)
      .u32le(0)
      .u32le(vector.length)
      .u32le(0);
    for (const cursor of vector) {
      w.raw(encodeGuid(cursor.invocationId)).u64le(cursor.usn);
      if (version !== 1) w.u64le(0n);
    }
  }
  const prefixes: [number, string][] = [
    [2, '2a864886f7140102'],
    [9, '2a864886f7140104'],
    [0, `ff${'00'.repeat(20)}`],
  ];
  w.align(4).u32le(prefixes.length);
  for (const [index, hex] of prefixes)
    w.u32le(index)
      .u32le(hex.length / 2)
      .u32le(1);
  for (const [, hex] of prefixes)
    w.align(4)
      .u32le(hex.length / 2)
      .raw(Buffer.from(hex, 'hex'));
  encodeObjects(w, objects, padding);
  if (linkedValues) encodeLinkedValues(w, linkedValues, version, padding);
  return w
    .align(4)
    .u32le(reply.status ?? 0)
    .toBytes();
}

function padEmpty(w: Writer, padding: number | undefined): void {
  if (padding !== undefined) while (w.length % 8 !== 0) w.u8(padding);
}

function encodeObjects(w: Writer, objects: ReplyObject[], padding: number | undefined): void {
  w.align(4);
  objects.forEach(({ attributes }, i) => {
    w.u32le(i < objects.length - 1 ? 1 : 0)
      .u32le(1)
      .u32le(1)
      .u32le(attributes.length);
    w.u32le(attributes.length > 0 ? 1 : 0)
      .u32le(0)
      .u32le(1)
      .u32le(1);
  });
  for (const { name, sid, guid, attributes } of objects.toReversed()) {
    encodeName(w, name, guid, sid);
    if (attributes.length > 0) {
      w.align(4).u32le(attributes.length);
      for (const { type, values } of attributes)
        w.u32le(type)
          .u32le(values.length)
          .u32le(values.length ? 1 : 0);
      for (const { values } of attributes) {
        if (values.length === 0) continue;
        w.align(4).u32le(values.length);
        for (const value of values) w.u32le(value.length).u32le(1);
        for (const value of values) w.align(4).u32le(value.length).raw(value);
      }
    }
    w.align(4).zeros(16).u32le(attributes.length).align(8).u32le(attributes.length);
    if (attributes.length === 0) padEmpty(w, padding);
    for (const { metaData } of attributes) encodeMetaData(w, metaData);
  }
}

function encodeMetaData(w: Writer, metaData: ReplyObject['attributes'][number]['metaData']): void {
  w.align(8)
    .u32le(metaData?.version ?? 1)
    .align(8)
    .u64le(metaData?.timeChanged ?? 13_439_848_819n);
  w.raw(encodeGuid(metaData?.invocationId ?? INVOCATION_ID)).u64le(metaData?.usn ?? 1n);
}

function encodeLinkedValues(
  w: Writer,
  values: { object: string; value: Uint8Array }[],
  version: number,
  padding: number | undefined,
): void {
  w.align(4).u32le(values.length);
  if (values.length === 0) padEmpty(w, padding);
  for (const { value } of values) {
    w.align(8).u32le(1).u32le(2).u32le(value.length).u32le(1).u32le(1).align(8).u64le(0n);
    encodeMetaData(w, undefined);
    if (version === 9) w.zeros(12).align(8).u64le(0n);
  }
  for (const { object, value } of values) {
    encodeName(w, object);
    w.align(4).u32le(value.length).raw(value);
  }
}

function encodeName(w: Writer, name: string, guid?: Guid, sid?: Sid): void {
  const text = encodeUtf16le(name);
  const sidBytes = sid === undefined ? new Uint8Array(0) : encodeSid(sid);
  w.align(4)
    .u32le(name.length + 1)
    .u32le(58 + text.length)
    .u32le(sidBytes.length);
  w.raw(guid === undefined ? new Uint8Array(16) : encodeGuid(guid))
    .raw(sidBytes)
    .zeros(28 - sidBytes.length);
  w.u32le(name.length).raw(text).u16le(0);
}
