import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedName, type NameHolder, possibleNames } from './managed-name.ts';

const free = (): NameHolder => 'nobody';

test('a name that is free and fits is kept as it is', () => {
  assert.deepEqual(managedName('alice', 'anchor', free), { name: 'alice' });
  assert.deepEqual(managedName('exactly.twenty.chars', 'anchor', free), { name: 'exactly.twenty.chars' });
});

test('a name that is too long, or another synchronized user has, ends in digits of the anchor', () => {
  const long = managedName('a.very.long.name.indeed', 'anchor', free);
  assert.ok('name' in long && /^a\.very\.long\.nam[0-9a-f]{5}$/.test(long.name));
  assert.deepEqual(long, managedName('a.very.long.name.indeed', 'anchor', free));
  assert.notDeepEqual(long, managedName('a.very.long.name.indeed', 'another', free));
  const taken = managedName('alice', 'anchor', name => (name === 'alice' ? 'ours' : 'nobody'));
  assert.ok('name' in taken && /^alice[0-9a-f]{5}$/.test(taken.name));
  assert.deepEqual(possibleNames('alice', 'anchor'), ['alice', taken.name]);
});

test("somebody else's account is never worked around", () => {
  assert.deepEqual(
    managedName('dnsadmin', 'anchor', () => 'foreign'),
    { heldBy: 'foreign' },
  );
});

test('a surrogate pair is not cut in two, and nothing ends in a dot or a space', () => {
  const name = (text: string) => {
    const result = managedName(text, 'anchor', free);
    assert.ok('name' in result);
    return result.name.slice(0, -5);
  };
  assert.equal(name(`${'a'.repeat(14)}😀😀😀😀`), 'a'.repeat(14));
  assert.equal(name('abcdefghijklm . and so on'), 'abcdefghijklm');
});
