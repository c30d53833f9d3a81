import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { DecodeError } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { decodeAttributeStamps } from './attribute-stamps.ts';
import { isPingOfReadOnly } from './read-only.ts';
import { covers, coversChange, decodeUpToDateVector, mergeVectors } from './up-to-date-vector.ts';

// Both come from a Samba DC: of a domain with a second DC, and of a user that was created on that one.
const VECTOR = Buffer.from(
  '02000000000000000100000000000000ee359ad9e53d79418ce1780bc376f3848a0e00000000000000803ed5deb19d01',
  'hex',
);
const METADATA = inflateSync(
  Buffer.from(
    'eNpjZIAAcQYEYATi+P3SisxA+p3prJtPbSsdex5WcB8u+9zSxQdRU88PoZmh6hOg6q/vnMv6reWe38KbkTa87tE8MHUwmpGBiSTzmUhUL8lImnpGBk6S1HOQqF6ARPWSJKo3J1G9A4nqo0hUH0ei+gQS1SeRqL6WRPWTSFQ/n0T1C0hUf5dE9XqMpKmfwESaej5m0tQDAGvZEBE=',
    'base64',
  ),
);
// Answers to an LDAP ping by the first one, and by a read-only one of the same domain; shortened.
const [PING, PING_OF_RODC] = ['17000000fd1300001bfa72de7be52f44', '17000000fc0a00001bfa72de7be52f44'].map(
  hex => Buffer.from(hex, 'hex'),
) as [Buffer, Buffer];
const [DC1, DC2] = ['059db9d7-84f6-4ede-a1d9-593c0d475b0c', 'd99a35ee-3de5-4179-8ce1-780bc376f384'];
const cursor = (invocationId: string, usn: number) => ({ invocationId, usn: String(usn) });

test("reads how far another DC's changes are known", () => {
  assert.deepEqual(decodeUpToDateVector(VECTOR), [cursor(DC2, 3722)]);
});

test('reads which DC changed an attribute last, and at which USN', () => {
  const stamps = decodeAttributeStamps(METADATA);
  assert.deepEqual(stamps.get('userAccountControl'), cursor(DC2, 3722));
  assert.equal(stamps.get('isDeleted'), undefined);
  assert.notEqual(stamps.get('primaryGroupID'), undefined);
  assert.equal(stamps.size, 5);
});

test('recognizes a read-only DC by its answer to an LDAP ping', () => {
  assert.equal(isPingOfReadOnly(PING), false);
  assert.equal(isPingOfReadOnly(PING_OF_RODC), true);
});

test('rejects truncated bytes, and survives any alteration', () => {
  for (const [bytes, decode] of [
    [VECTOR, decodeUpToDateVector],
    [METADATA, decodeAttributeStamps],
    [PING.subarray(0, 8), isPingOfReadOnly],
  ] as const) {
    truncationsAndMutations(bytes, { seed: 7 }, altered => {
      try {
        decode(altered);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    });
  }
});

test('a vector covers another one if it is as far for each DC that the other names', () => {
  const known = [cursor(DC1, 10), cursor(DC2, 20)];
  assert.ok(covers(known, known));
  assert.ok(covers(known, []));
  assert.ok(covers(known, [cursor(DC2, 19)]));
  assert.equal(covers(known, [cursor(DC1, 11)]), false);
  assert.equal(covers([cursor(DC1, 10)], known), false);
  assert.ok(coversChange(known, cursor(DC1, 10)));
  assert.equal(coversChange(known, cursor(DC2, 21)), false);
});

test('a merge of two vectors covers what either covers', () => {
  const merged = mergeVectors([cursor(DC1, 10), cursor(DC2, 20)], [cursor(DC1, 9), cursor(DC2, 21)]);
  assert.deepEqual(merged, [cursor(DC1, 10), cursor(DC2, 21)]);
});
