import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, EMPTY_PROFILE, fillPath, Profile, SourceAnchor } from './index.ts';

test('rejects text that a database or a terminal cannot handle, in a profile and as an anchor', () => {
  for (const displayName of ['a\0b', 'half a pair \ud83d'])
    assert.deepEqual(Profile.parse({ ...EMPTY_PROFILE, displayName }), EMPTY_PROFILE);
  for (const anchor of ['a\0b', 'a\u001b[2J', 'a b', '\u202e', ''])
    assert.equal(SourceAnchor.safeParse(anchor).success, false);
  assert.ok(Cursor.safeParse('1'.repeat(65)).error);
});

test('throws if a path parameter is missing', () => {
  assert.throws(() => fillPath('/a/:id', {}), /parameter 'id' is missing/);
});
