import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { DECIDERS } from './deciding.ts';

const PURE =
  "import type { Entry } from './ledger.ts';\nexport const decide = (entry: Entry, now: Date) => entry;";

test('allows a file that decides from its inputs', () => {
  assert.deepEqual(planted(DECIDERS, { 'packages/connect/src/objects/decide-export.ts': PURE }), []);
});

test('finds I/O, a clock, a store and waiting in files that decide, compare, plan or merge', () => {
  for (const text of [
    "import { readFileSync } from 'node:fs';",
    'const now = new Date();',
    "import type { Ledger } from '../ledger/ledger.ts';",
    "import { type StateDatabase } from '@causeway/service';",
    'export async function decide() {}',
    "const sql = 'SELECT anchor FROM users';",
  ]) {
    for (const name of [
      'decide',
      'decide-export',
      'compare-head',
      'plan',
      'plan-page',
      'merge',
      'bulk-decision',
    ]) {
      const path = `packages/connect/src/objects/${name}.ts`;
      const [breach, ...others] = planted(DECIDERS, { [path]: `${PURE}\n${text}` });
      assert.ok(breach?.startsWith(`${path}:3: `), `${name}: ${text}`);
      assert.deepEqual(others, []);
    }
  }
});

test('counts what such a file imports at run time, but not types', () => {
  const files = {
    'packages/connect/src/objects/merge.ts': "import { a } from './a.ts';\nimport type { B } from './b.ts';",
    'packages/connect/src/objects/a.ts': 'export const a = Date.now();',
    'packages/connect/src/objects/b.ts': 'export type B = string;\nconst b = Date.now();',
  };
  assert.deepEqual(planted(DECIDERS, files), [
    'packages/connect/src/objects/a.ts:1: Date.now reads a clock, and packages/connect/src/objects/merge.ts only decides: let its caller hand the value in, or give it another name',
  ]);
});

test('allows anything in files with other names', () => {
  assert.deepEqual(planted(DECIDERS, { 'packages/connect/src/sync/planet.ts': 'const a = Date.now();' }), []);
});
