import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { PACKAGES } from './packages.ts';

test('allows imports that are in the table', () => {
  const text = "import { x } from '@causeway/wire';\nimport { Client } from 'ldapts';\nimport './b.ts';";
  assert.deepEqual(planted(PACKAGES, { 'packages/ldap/src/a.ts': text }), []);
});

test('finds an import against the arrows, however it is written', () => {
  for (const text of [
    "import { x } from '@causeway/connect';",
    "import type { X } from '@causeway/connect';",
    "export * from '@causeway/connect';",
    "import {\n  a,\n  b,\n} from '@causeway/connect';",
    "const x = await import('@causeway/connect');",
    "import '@causeway/connect';",
    "const main = import.meta.resolve('@causeway/connect');",
  ]) {
    const line = text.split('\n').length;
    const breach = `packages/wire/src/a.ts:${line}: wire may not import @causeway/connect`;
    assert.deepEqual(planted(PACKAGES, { 'packages/wire/src/a.ts': text }), [breach], text);
  }
});

test('finds tests that break the layers, and any import of lab', () => {
  const files = { 'packages/wire/src/a.test.ts': "import { x } from '@causeway/lab';" };
  assert.deepEqual(planted(PACKAGES, files), [
    'packages/wire/src/a.test.ts:1: wire may not import @causeway/lab',
  ]);
});

test('finds a package without a row', () => {
  assert.deepEqual(planted(PACKAGES, { 'packages/extra/src/a.ts': '' }), [
    'packages/extra/src/a.ts: the package extra has no row in tools/checks/layers.ts and ARCHITECTURE.md: give it one',
  ]);
});
