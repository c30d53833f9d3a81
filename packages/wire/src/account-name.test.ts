import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasUnseen, isAccountName } from './index.ts';

test('accepts account names that directories accept and people can read, and no others', () => {
  for (const name of ['alice', "o'neill", 'müller', 'anna maria', 'שלום', '$x', 'a'.repeat(200)])
    assert.equal(isAccountName(name), true, name);
  for (const name of ['', ' alice', 'alice ', 'alice.', 'a/b', 'a\\b', 'a"b', 'a:b', 'a|b', 'a*b', 'a\tb'])
    assert.equal(isAccountName(name), false, name);
  for (const name of ['zero\u200bwidth', 'right\u202eleft', 'no\u00a0break'])
    assert.deepEqual([hasUnseen(name), isAccountName(name)], [true, false], name);
});
