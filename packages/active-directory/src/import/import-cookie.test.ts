import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  decodeImportCookie,
  encodeImportCookie,
  importedUpTo,
  moveImportCookie,
  selectionOf,
} from './import-cookie.ts';

const cookie = {
  invocationId: 'b783000c-7a01-4128-ada5-65fa0c9a9c52',
  usn: 9007199254740993n,
  time: new Date('2026-11-28T12:00:00Z'),
  selection: selectionOf(['DC=x', '(objectClass=user)', ['mail', 'sn']]),
  dirSync: Buffer.from('4d534453030000', 'hex'),
};

test('decodes a cookie that it encoded', () => {
  assert.deepEqual(decodeImportCookie(encodeImportCookie(cookie)), cookie);
});

test('reads a cookie of an older release, which has no time', () => {
  const undated = { ...cookie, time: undefined };
  assert.deepEqual(decodeImportCookie(encodeImportCookie(undated)), undated);
});

test('keeps what a cookie covers and drops its USN when it moves to another domain controller', () => {
  const invocationId = 'd99a35ee-3de5-4179-8ce1-780bc376f384';
  const moved = moveImportCookie(encodeImportCookie(cookie), invocationId);
  assert.deepEqual(decodeImportCookie(moved), { ...cookie, invocationId, usn: 0n });
  assert.equal(moveImportCookie('none', invocationId), 'none');
});

test('reads from a cookie which database it is of, and how far the import got', () => {
  const { invocationId } = cookie;
  assert.deepEqual(importedUpTo(encodeImportCookie(cookie)), { invocationId, usn: '9007199254740993' });
  assert.equal(importedUpTo('none'), undefined);
});

test('returns no cookie for any text that is none', () => {
  const text = encodeImportCookie(cookie);
  const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  for (const bad of [
    '',
    '!',
    text.slice(0, -8),
    json(null),
    json([]),
    json({ v: 2 }),
    json({ v: 1, usn: '-1' }),
  ]) {
    assert.equal(decodeImportCookie(bad), undefined, bad.slice(0, 40));
  }
});

test('decodes a truncated or altered cookie to a cookie or to none, and never throws', () => {
  truncationsAndMutations(Buffer.from(encodeImportCookie(cookie), 'latin1'), { seed: 5 }, bytes => {
    decodeImportCookie(Buffer.from(bytes).toString('latin1'));
  });
});

test('different selections have different digests', () => {
  assert.notEqual(selectionOf(['DC=x', 'f', ['mail']]), selectionOf(['DC=x', 'f', ['mail', 'sn']]));
  assert.notEqual(selectionOf(['DC=x', 'f', ['a']]), selectionOf(['DC=x', 'fa']));
});
