import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { PURITY } from './purity.ts';

const IMPURE = [
  "import { readFileSync } from 'node:fs';",
  "import { connect } from 'node:net';",
  "import { spawn } from 'node:child_process';",
  "import { got } from 'got';",
  'const a = Date.now();',
  'const b = new Date();',
  'const c = Math.random();',
  "import { randomBytes } from 'node:crypto';",
  'crypto.getRandomValues(d);',
  'const k = generateKeyPairSync("ed25519");',
  'setTimeout(e, 1);',
  'const f = process.env;',
];

test('finds I/O, a clock, randomness, waiting and libraries in pure files, but not in their tests', () => {
  for (const home of ['wire', 'credentials', 'protocols', 'records', 'contract', 'domain-services']) {
    const file = (name: string) => ({ [`packages/${home}/src/names/${name}`]: IMPURE.join('\n') });
    const lines = new Set(planted(PURITY, file('a.ts')).map(breach => breach.split(':')[1]));
    assert.equal(lines.size, IMPURE.length, home);
    assert.deepEqual(planted(PURITY, file('a.test.ts')), []);
  }
});

test('a breach names what was found, and what to do', () => {
  assert.deepEqual(planted(PURITY, { 'packages/wire/src/a.ts': 'const at = Date.now();' }), [
    'packages/wire/src/a.ts:1: Date.now reads a clock in a pure room: let the caller hand it in',
  ]);
});

test('allows comments, texts and a given date', () => {
  const text =
    "// Date.now() is the caller's\n/* Math.random()\n * neither */\nconst at = new Date(0);\nconst s = 'process.env';\n";
  assert.deepEqual(planted(PURITY, { 'packages/wire/src/a.ts': text }), []);
});

test('records makes keys only in its key files', () => {
  const text = "const { privateKey } = generateKeyPairSync('ed25519');";
  const files = { 'packages/records/src/signing-key.ts': text, 'packages/records/src/sign.ts': text };
  assert.deepEqual(planted(PURITY, files), [
    'packages/records/src/sign.ts:1: generateKeyPairSync draws randomness in a pure room: let the caller hand it in',
  ]);
});

test('contract, which runs in browsers, uses nothing of Node', () => {
  const text = "import { hash } from 'node:crypto';";
  const files = { 'packages/contract/src/common.ts': text, 'packages/records/src/buckets.ts': text };
  assert.deepEqual(planted(PURITY, files), [
    'packages/contract/src/common.ts:1: node:crypto is imported in a pure room: let the caller hand it in',
  ]);
});
