import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareGenerations } from './compare-generations.ts';
import type { KnownGeneration } from './generation.ts';
import { generationText, readGeneration } from './generation.ts';

const at = (counter: number, branch = 'a') => ({ counter, value: `${branch}${counter}` });
const known = (counter: number, more: Partial<KnownGeneration> = {}): KnownGeneration => ({
  ...at(counter),
  ...{ before: counter > 1 ? generationText(at(counter - 1)) : '', isWritten: true },
  ...more,
});

test('a ledger and a directory that never had a generation are together, as before the upgrade', () => {
  assert.equal(compareGenerations(undefined, undefined), 'together');
});

test('the same generation is together, and the previous one only while a kill may have come in between', () => {
  assert.equal(compareGenerations(known(7), at(7)), 'together');
  assert.equal(compareGenerations(known(7, { isWritten: false }), at(7)), 'together');
  assert.equal(compareGenerations(known(7, { isWritten: false }), at(6)), 'together');
  assert.equal(compareGenerations(known(1, { isWritten: false }), undefined), 'together');
  assert.equal(compareGenerations(known(7), at(6)), 'directory-older');
});

test('an earlier generation, none, or a different one with the same number means a restored directory', () => {
  for (const found of [at(5), at(1), undefined, at(7, 'b')])
    assert.equal(compareGenerations(known(7), found), 'directory-older');
  assert.equal(compareGenerations(known(7, { isWritten: false }), at(5)), 'directory-older');
});

test('a later generation than the ledger knows means a restored or a new ledger', () => {
  assert.equal(compareGenerations(known(7), at(9)), 'ledger-older');
  assert.equal(compareGenerations(known(7, { isWritten: false }), at(9, 'b')), 'ledger-older');
  assert.equal(compareGenerations(undefined, at(3)), 'ledger-older');
});

test('reads a generation back from its text, and nothing else as one', () => {
  assert.deepEqual(readGeneration(generationText(at(12))), at(12));
  for (const text of ['', '12', 'x a', '12 a b', '-1 a', '1e3 a'])
    assert.equal(readGeneration(text), undefined);
});
