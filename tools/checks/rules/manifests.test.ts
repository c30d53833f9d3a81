import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifest, planted } from '../testing/planted.ts';
import { MANIFESTS } from './manifests.ts';

test('finds an import that package.json does not declare', () => {
  const files = {
    'packages/ldap/package.json': manifest('ldapts'),
    'packages/ldap/src/a.ts':
      "import { Client } from 'ldapts';\nimport { x } from '@causeway/wire';\nimport fs from 'node:fs';",
  };
  assert.deepEqual(planted(MANIFESTS, files), [
    'packages/ldap/src/a.ts:2: @causeway/wire is imported, but package.json of ldap does not declare it: add it there',
  ]);
});

test("finds a program's import of what only tests may import", () => {
  const text = "import fc from 'fast-check';";
  const files = {
    'packages/wire/package.json': '{"devDependencies": {"fast-check": "1.0.0"}}',
    'packages/wire/src/a.test.ts': text,
    'packages/wire/src/a.ts': text,
  };
  assert.deepEqual(planted(MANIFESTS, files), [
    'packages/wire/src/a.ts:1: fast-check is imported, but package.json of wire does not declare it: add it there',
  ]);
});

test('finds a dependency that no file imports', () => {
  const files = {
    'packages/tenant/package.json': manifest('@causeway/samba', '@types/pg'),
    'packages/tenant/src/a.ts': "import pg from 'pg';",
  };
  const [, ...breaches] = planted(MANIFESTS, files);
  assert.deepEqual(breaches, [
    'package.json of tenant: @causeway/samba is declared, but no file of tenant imports it: take it away',
  ]);
});
