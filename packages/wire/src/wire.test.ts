import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DecodeError,
  dateToDstime,
  dateToFiletime,
  decodeGuid,
  decodeSid,
  decodeUtf16le,
  dstimeToDate,
  encodeGuid,
  encodeSid,
  encodeUtf16le,
  filetimeToDate,
  fromHex,
  Reader,
  ridOf,
  toHex,
  Writer,
} from './index.ts';
import { truncationsAndMutations } from './testing/fuzz.ts';

test('a reader names the field for which the bytes were too short', () => {
  const r = new Reader(Uint8Array.of(1, 2, 3), 'PDU');
  assert.equal(r.u16le('a'), 0x0201);
  assert.throws(
    () => r.u32le('frag_length'),
    (e: unknown) => e instanceof DecodeError && e.field === 'PDU.frag_length' && e.reason === 'truncated',
  );
  assert.equal(r.remaining, 1, 'a failed read moves nothing');
});

test('rejects a count above its limit before anything is allocated', () => {
  const r = new Reader(fromHex('ffffffff'));
  assert.throws(
    () => r.limited(r.u32le('count'), 1000, 'count'),
    /count: 4294967295 is above the limit of 1000/,
  );
});

test('rejects a negative length', () => {
  assert.throws(() => new Reader(new Uint8Array(8)).slice(-1, 'len'), DecodeError);
});

test('unread trailing bytes are an error', () => {
  assert.throws(() => new Reader(new Uint8Array(2)).end(), /2 bytes too many/);
});

test('a writer aligns from its start and grows', () => {
  const w = new Writer(2).u8(1).align(4).u32le(0xdeadbeef).u64be(1n).u16be(0x1234);
  assert.equal(toHex(w.toBytes()), '01000000efbeadde00000000000000011234');
  w.wipe();
  assert.equal(w.length, 0);
});

test('reads the first three groups of a GUID as little endian (protocols.md 1.1)', () => {
  const wire = '354251e3064bd111ab0400c04fc2dcd2';
  assert.equal(decodeGuid(fromHex(wire)), 'e3514235-4b06-11d1-ab04-00c04fc2dcd2');
  assert.equal(toHex(encodeGuid('E3514235-4B06-11D1-AB04-00C04FC2DCD2')), wire);
  assert.throws(() => encodeGuid('e3514235'), RangeError);
  assert.throws(() => decodeGuid(new Uint8Array(15)), RangeError);
});

test('decodes and encodes the SID of the live reply in protocols.md 8.8', () => {
  const wire = '0105000000000005150000004f8b18f08833b1a03134aea2210c0000';
  const sid = decodeSid(fromHex(wire));
  assert.equal(ridOf(sid), 3105);
  assert.equal(toHex(encodeSid(sid)), wire);
  assert.throws(() => decodeSid(fromHex(wire).subarray(0, 20)), DecodeError);
  assert.throws(() => decodeSid(fromHex(`${wire}00`)), DecodeError);
  assert.throws(() => encodeSid('S-1-5'), RangeError);
});

test('requires at least one sub-authority in a SID, so that its last number is a RID', () => {
  assert.throws(() => decodeSid(fromHex('0100000000000005')), { field: 'SID.SubAuthorityCount' });
  assert.equal(ridOf(decodeSid(fromHex('010100000000000512000000'))), 18);
});

test('writes an authority of 2^32 or more in hexadecimal ([MS-DTYP] 2.4.2.1)', () => {
  for (const [wire, sid] of [
    ['0101ffffffffffff01000000', 'S-1-0xffffffffffff-1'],
    ['010100010000000001000000', 'S-1-0x000100000000-1'],
    ['01010000ffffffff01000000', 'S-1-4294967295-1'],
  ] as const) {
    assert.equal(decodeSid(fromHex(wire)), sid);
    assert.equal(toHex(encodeSid(sid)), wire);
  }
});

test('rejects a number of a SID that does not fit its field, instead of wrapping it', () => {
  for (const sid of [
    'S-1-5-4294967296',
    'S-1-5-21-9999999999',
    'S-1-4294967296-1',
    'S-1-0x000000000005-18',
    'S-1-0x1000000000000-1',
    'S-1-281474976710656-1',
  ]) {
    assert.throws(() => encodeSid(sid), RangeError, sid);
  }
  assert.equal(toHex(encodeSid('S-1-5-4294967295')), '0101000000000005ffffffff');
});

test('reads or rejects by field every truncated or altered SID', () => {
  const wire = fromHex('0105000000000005150000004f8b18f08833b1a03134aea2210c0000');
  truncationsAndMutations(wire, { seed: 3 }, bytes => void encodeSid(decodeSid(bytes)));
});

test('FILETIME and DSTIME count from 1601', () => {
  assert.equal(filetimeToDate(129699324000000000n).toISOString(), '2012-01-01T23:00:00.000Z');
  assert.equal(dateToFiletime(new Date('2012-01-01T23:00:00Z')), 129699324000000000n);
  assert.equal(dstimeToDate(13439848819n).toISOString(), '2026-11-22T19:20:19.000Z');
  assert.equal(dateToDstime(new Date('2026-11-22T19:20:19.999Z')), 13439848819n);
});

test('UTF-16LE keeps surrogates', () => {
  assert.equal(toHex(encodeUtf16le('😀')), '3dd800de');
  assert.equal(decodeUtf16le(fromHex('3dd800de')), '😀');
});
