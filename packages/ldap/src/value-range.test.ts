import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LdapError } from './ldap-error.ts';
import { rangeOf, rangeOption, readValueRange } from './value-range.ts';

const read = (attributes: Record<string, string[]>, from: number) =>
  readValueRange({ dn: 'CN=g', attributes }, 'member', from);

test('a range continues where it ended, and an empty attribute beside it is ignored', () => {
  assert.equal(rangeOption('member', 1_500, 1_500), 'member;range=1500-2999');
  assert.deepEqual(read({ 'member;range=0-1': ['a', 'b'], member: [] }, 0), { values: ['a', 'b'], next: 2 });
  assert.deepEqual(read({ 'Member;Range=2-3': ['c', 'd'], 'member;range=2-9': [] }, 2), {
    ...{ values: ['c', 'd'], next: 4 },
  });
  assert.deepEqual(read({ 'member;range=4-*': ['e'] }, 4), { values: ['e'], next: undefined });
});

test('ends a list at no values, at an empty last range, and without ranges', () => {
  const end = { values: [], next: undefined };
  assert.deepEqual(read({}, 0), end);
  assert.deepEqual(read({ member: [] }, 0), end);
  assert.deepEqual(read({ 'member;range=6-*': [] }, 6), end);
  assert.deepEqual(read({ member: ['a'] }, 0), { values: ['a'], next: undefined });
});

test('rejects another range than the requested one, so that nothing is missed or read twice', () => {
  for (const [attributes, from] of [
    [{ 'member;range=0-1': ['a', 'b'] }, 2],
    [{ 'member;range=3-4': ['a', 'b'] }, 2],
    [{ 'member;range=5-2': ['a'] }, 5],
    [{ member: ['a'] }, 2],
    [{ 'member;range=0-1': ['a', 'b'], 'member;range=0-*': ['c'] }, 0],
  ] as [Record<string, string[]>, number][]) {
    assert.throws(
      () => read(attributes, from),
      (error: unknown) => error instanceof LdapError && error.code === 'protocol',
    );
  }
});

test('recognizes names that are no range of the attribute', () => {
  for (const name of [
    'member',
    'memberOf;range=0-1',
    'member;range=0',
    'member;range=-1-2',
    'member;range=0-1;x',
  ])
    assert.equal(rangeOf('member', name), undefined, name);
  assert.deepEqual(rangeOf('member', 'MEMBER;range=0-0'), { from: 0, to: 0 });
});
