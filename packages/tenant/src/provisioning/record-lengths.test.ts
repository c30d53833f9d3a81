import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CredentialRecord,
  MAX_GROUP_PAGE,
  SignedHead,
  SignedReceipt,
  SignedRecord,
} from '@causeway/contract';
import { MAX_HEAD_LENGTH, MAX_RECEIPT_LENGTH, MAX_RECORD_LENGTH } from '@causeway/records';

test('the contract accepts the longest records that can be signed, and nothing longer', () => {
  for (const [schema, length, beside] of [
    [SignedRecord, MAX_RECORD_LENGTH, ''],
    [CredentialRecord, MAX_RECORD_LENGTH, '~A'],
    [SignedHead, MAX_HEAD_LENGTH, ''],
    [SignedReceipt, MAX_RECEIPT_LENGTH, ''],
  ] as const) {
    const longest = `${'A'.repeat(length - 4 - beside.length)}.A.A${beside}`;
    assert.equal(longest.length, length);
    assert.ok(schema.safeParse(longest).success);
    assert.ok(!schema.safeParse(`A${longest}`).success);
  }
});

test('a page of the longest group records fits into an answer that a caller reads', () => {
  // The limit of readers of answers (`api`), less some room for what surrounds a record.
  assert.ok(MAX_GROUP_PAGE * (MAX_RECORD_LENGTH + 1024) < 8 * 1024 * 1024);
});
