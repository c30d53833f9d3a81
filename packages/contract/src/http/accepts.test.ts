import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ACCEPTED_RECORDS, isReadBy, readAccepts, writeAccepts } from '../index.ts';

test('reads an announcement as it was written', () => {
  assert.deepEqual(readAccepts(writeAccepts(ACCEPTED_RECORDS)), ACCEPTED_RECORDS);
  assert.deepEqual(readAccepts(' withdrawal-1 ,account-3'), ['withdrawal-1', 'account-3']);
});

test('ignores names that are malformed, of a later release or unknown', () => {
  assert.deepEqual(readAccepts('account-3, Account-4, x, -1, account-0, statement-12, a-1-2'), [
    'account-3',
    'statement-12',
  ]);
  for (const header of [undefined, '', ' , ', 'x', ['account-3'], 'account-3, '.repeat(300)])
    assert.equal(readAccepts(header), undefined);
});

test('shows a reader the records of the first release, and beyond them what it announced', () => {
  for (const announced of [undefined, ['account-3'], ACCEPTED_RECORDS]) {
    for (const first of ['account-1', 'account-2', 'credential-2']) assert.ok(isReadBy(announced, first));
    assert.equal(isReadBy(announced, 'account-3'), announced !== undefined);
    assert.equal(isReadBy(announced, 'withdrawal-1'), announced === ACCEPTED_RECORDS);
    assert.equal(isReadBy(announced, 'account-99'), false);
  }
});

test('docs/formats.md lists what every agent announces', () => {
  const page = readFileSync(new URL('../../../../docs/formats.md', import.meta.url), 'utf8');
  assert.ok(page.includes(`\nCauseway-Accepts: ${writeAccepts(ACCEPTED_RECORDS)}\n`));
});
