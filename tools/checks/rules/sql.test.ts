import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { SQL } from './sql.ts';

const SPOKEN = [
  "const a = database.rows('SELECT anchor FROM users');",
  'const b = `\n  INSERT INTO users (anchor) VALUES (?)`;',
  'const c = sql<boolean>`order_version is null`;',
  "const d = database.selectFrom('users').selectAll();",
  "const e = await scope\n  .select('users')\n  .selectAll();",
];

test('finds SQL outside of its rooms, as text and as a builder', () => {
  for (const text of SPOKEN) {
    const [breach, ...others] = planted(SQL, { 'packages/tenant/src/api/a.ts': text });
    assert.equal(
      breach,
      'packages/tenant/src/api/a.ts:1: SQL is spoken outside of its rooms: give the room of the table a function, and call it',
      text,
    );
    assert.deepEqual(others, []);
  }
});

test('allows SQL in its rooms, and words', () => {
  const words = "const a = 'Select one of them';\nconst b = 'an UPDATE of it';\nhash.update('users');\n";
  const files = {
    'packages/tenant/src/people/a.ts': SPOKEN.join('\n'),
    'packages/tenant/src/api/a.ts': words,
    'packages/tenant/src/api/a.test.ts': SPOKEN.join('\n'),
  };
  assert.deepEqual(planted(SQL, files), []);
});
