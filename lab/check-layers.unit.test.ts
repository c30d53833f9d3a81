import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkLayers } from './check-layers.ts';
import { FLOORS } from './layers.ts';

/** A project of these files, checked. */
function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'causeway-layers-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkLayers(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const manifest = (...names: string[]) =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map(name => [name, '1.0.0'])) });

test('the project itself holds its layers', () => {
  assert.deepEqual(checkLayers(join(import.meta.dirname, '..')), []);
});

test('imports that the table allows pass', () => {
  const files = {
    'packages/ldap/package.json': manifest('@causeway/wire', 'ldapts'),
    'packages/ldap/src/a.ts':
      "import { x } from '@causeway/wire';\nimport { Client } from 'ldapts';\nimport './b.ts';\nimport fs from 'node:fs';",
  };
  assert.deepEqual(check(files), []);
});

test('a planted import against the arrows is found, however it is written', () => {
  for (const planted of [
    "import { x } from '@causeway/connect';",
    "import type { X } from '@causeway/connect';",
    "export * from '@causeway/connect';",
    "import {\n  a,\n  b,\n} from '@causeway/connect';",
    "const x = await import('@causeway/connect');",
    "import '@causeway/connect';",
  ]) {
    const [breach, ...others] = check({
      'packages/wire/package.json': manifest(),
      'packages/wire/src/a.ts': planted,
    });
    assert.match(
      breach ?? '',
      /^packages\/wire\/src\/a\.ts:\d+: wire may not import @causeway\/connect$/,
      planted,
    );
    assert.deepEqual(others, []);
  }
});

test('tests hold the layers too, but may use packages of the workspace root', () => {
  const files = {
    'packages/wire/package.json': manifest(),
    'packages/wire/src/a.test.ts': "import fc from 'fast-check';\nimport { x } from '@causeway/lab';",
  };
  assert.deepEqual(check(files), ['packages/wire/src/a.test.ts:2: wire may not import @causeway/lab']);
});

test('a dependency in package.json against the arrows is found', () => {
  const files = { 'packages/tenant/package.json': manifest('@causeway/samba') };
  assert.deepEqual(check(files), ['packages/tenant/package.json: tenant may not depend on @causeway/samba']);
});

test('an import that package.json does not declare is found', () => {
  const files = {
    'packages/ldap/package.json': manifest(),
    'packages/ldap/src/a.ts': "import { x } from '@causeway/wire';\nimport { Client } from 'ldapts';",
  };
  assert.equal(check(files).length, 2);
});

test('ways around the public names are found', () => {
  const files = {
    'packages/ldap/package.json': manifest('@causeway/wire'),
    'packages/ldap/src/a.ts':
      "import { x } from '../../wire/src/reader.ts';\nimport { y } from '@causeway/wire/src/reader.ts';",
  };
  assert.equal(check(files).length, 2);
});

test('a second entry is public when package.json exports it, the one for tests to tests alone', () => {
  const importing = "import { x } from '@causeway/wire/testing';";
  const files = {
    'packages/wire/package.json':
      '{"exports": {".": "./src/index.ts", "./testing": "./src/testing/index.ts"}}',
    'packages/ldap/package.json': manifest('@causeway/wire'),
    'packages/ldap/src/a.ts': importing,
    'packages/ldap/src/a.test.ts': importing,
  };
  assert.deepEqual(check(files), [
    'packages/ldap/src/a.ts:1: @causeway/wire/testing reaches into a package; import its public names',
  ]);
});

test('words that look like an import are none', () => {
  const text = "const a = 'from: ' + b + ' from ';\nconst c = `import x from '`;\n";
  assert.deepEqual(check({ 'packages/wire/src/a.ts': text }), []);
});

test('I/O, clock, randomness and waiting in a pure package are found; in its tests and comments they are not', () => {
  const impure = [
    "import { readFileSync } from 'node:fs';",
    "import { connect } from 'node:net';",
    "import { spawn } from 'node:child_process';",
    'const a = Date.now();',
    'const b = new Date();',
    'const c = Math.random();',
    "import { randomBytes } from 'node:crypto';",
    'crypto.getRandomValues(d);',
    'setTimeout(e, 1);',
    'const f = process.env;',
  ];
  for (const name of ['wire', 'credentials', 'protocols']) {
    const source = (file: string) => ({
      [`packages/${name}/package.json`]: manifest(),
      [`packages/${name}/src/${file}`]: impure.join('\n'),
    });
    assert.equal(check(source('ntlm/a.ts')).length, impure.length);
    assert.deepEqual(check(source('ntlm/a.test.ts')), []);
  }
  const comment =
    '// Date.now() is the caller\u2019s\n/* Math.random()\n * neither */\nconst at = new Date(0);\n';
  assert.deepEqual(check({ 'packages/wire/src/a.ts': comment }), []);
});

test('a package that the table does not know is found', () => {
  assert.deepEqual(check({ 'packages/extra/src/a.ts': '' }), [
    'packages/extra is not in the table of lab/layers.ts',
  ]);
});

test('every room on a floor is there, once', () => {
  for (const [name, floors] of Object.entries(FLOORS)) {
    const home = join(import.meta.dirname, '..', name === 'lab' ? 'lab' : `packages/${name}/src`);
    const rooms = floors.flat();
    assert.deepEqual(rooms, [...new Set(rooms)]);
    for (const room of rooms)
      assert.ok(existsSync(join(home, room)) || existsSync(join(home, `${room}.ts`)), `${name}: ${room}`);
  }
});

test('within a package an import from the floor below passes, from above or beside it is found, of types too', () => {
  const files = {
    'packages/tenant/src/server.ts': "import { a } from './api/users.ts';",
    'packages/tenant/src/api/users.ts': "import { a } from '../people/users.ts';\nimport './names.ts';",
    'packages/tenant/src/people/users.ts': "import type { A } from '../server.ts';",
    'packages/tenant/src/people/groups.ts': "import { b } from '../clients/agents.ts';",
    'packages/tenant/src/people/users.test.ts': "import { a } from '../api/users.ts';",
  };
  assert.deepEqual(check(files), [
    'packages/tenant/src/people/groups.ts:1: people may not import clients',
    'packages/tenant/src/people/users.ts:1: people may not import server',
    'packages/tenant/src/api/users.ts > people/users.ts > server.ts > api/users.ts is a circle',
  ]);
});

test('a room that is on no floor is found', () => {
  assert.deepEqual(check({ 'packages/tenant/src/shed/a.ts': '' }), [
    'packages/tenant/src/shed/a.ts: the room shed is on no floor of lab/layers.ts',
  ]);
});

test('a circle of files is found within one room, of types, and in lab', () => {
  const files = {
    'packages/wire/src/a.ts': "import type { B } from './b.ts';",
    'packages/wire/src/b.ts': "import { a } from './a.ts';",
    'lab/domains/a.ts': "export * from './b.ts';",
    'lab/domains/b.ts': "const a = await import('./a.ts');",
  };
  assert.deepEqual(check(files), [
    'packages/wire/src/a.ts > b.ts > a.ts is a circle',
    'lab/domains/a.ts > domains/b.ts > domains/a.ts is a circle',
  ]);
});
