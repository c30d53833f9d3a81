import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectOf } from './project.ts';
import { breachesOf, type Rule, unusedOf } from './rule.ts';

const rule: Rule = {
  name: 'shouting',
  says: 'Nobody shouts.',
  permissions: [
    { who: 'packages/*/src/a.ts', because: 'somebody has to' },
    { who: 'packages/wire/src/b.ts', because: 'it did once' },
    { who: 'packages/wire/src/a.ts', what: 'twice', because: 'it did that, too' },
  ],
  find: ({ files }) =>
    files
      .filter(({ code }) => code.includes('!'))
      .map(({ path }) => ({ who: path, at: path, why: 'do not shout' })),
};

test('a permission covers those whom it names, and an unused permission is a breach', () => {
  const project = projectOf({
    'packages/wire/src/a.ts': 'a!',
    'packages/wire/src/b.ts': 'b',
    'packages/wire/src/c.ts': 'c!',
  });
  assert.deepEqual(breachesOf(rule, project), ['packages/wire/src/c.ts: do not shout']);
  assert.deepEqual(unusedOf(rule, project), [
    "rule 'shouting': nobody uses the permission 'packages/wire/src/b.ts': take it away",
    "rule 'shouting': nobody uses the permission 'packages/wire/src/a.ts > twice': take it away",
  ]);
});
