import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { PUBLIC_NAMES } from './public-names.ts';

const WIRE = {
  'packages/wire/package.json': '{"exports": {".": "./src/index.ts", "./testing": "./src/testing/index.ts"}}',
};

test('finds ways around the public names, in lab too', () => {
  const file = (up: string) =>
    `import { x } from '${up}/wire/src/reader.ts';\nimport { y } from '@causeway/wire/src/reader.ts';`;
  const files = {
    ...WIRE,
    'packages/ldap/src/a.ts': file('../..'),
    'lab/bench/a.ts': file('../../packages'),
  };
  assert.deepEqual(planted(PUBLIC_NAMES, files), [
    'packages/ldap/src/a.ts:1: ../../wire/src/reader.ts leaves packages/ldap/src: import public names of the package, or let its /testing export them',
    'packages/ldap/src/a.ts:2: @causeway/wire/src/reader.ts reaches into a package: import its public names',
    'lab/bench/a.ts:1: ../../packages/wire/src/reader.ts leaves lab: import public names of the package, or let its /testing export them',
    'lab/bench/a.ts:2: @causeway/wire/src/reader.ts reaches into a package: import its public names',
  ]);
});

test('allows what package.json exports, and /testing only for tests and lab', () => {
  const text = "import { x } from '@causeway/wire/testing';";
  const files = {
    ...WIRE,
    'packages/ldap/src/a.ts': text,
    'packages/ldap/src/a.test.ts': text,
    'lab/bench/a.ts': text,
  };
  assert.deepEqual(planted(PUBLIC_NAMES, files), [
    'packages/ldap/src/a.ts:1: @causeway/wire/testing is for tests: what the program needs is a public name of @causeway/wire',
  ]);
});

test('a package reads its own package.json, and no other', () => {
  const files = {
    'packages/cli/src/a.ts': "import manifest from '../package.json' with { type: 'json' };",
    'packages/cli/src/b.ts': "import manifest from '../../wire/package.json' with { type: 'json' };",
  };
  assert.equal(planted(PUBLIC_NAMES, files).length, 1);
});
