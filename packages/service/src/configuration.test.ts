import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import { CausewayError, loadConfiguration, readSecret } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-configuration-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

const Schema = z.strictObject({
  stateDirectory: z.string().default('/var/lib/x'),
  listen: z.strictObject({ host: z.string().default('127.0.0.1'), port: z.int().default(8443) }).prefault({}),
  connectors: z.array(z.strictObject({ name: z.string(), server: z.string() })).default([]),
});
const failure = (run: () => unknown): CausewayError => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CausewayError);
    return error;
  }
  return assert.fail('an error was expected');
};

test('takes defaults from the schema, values from the file, and lets flags win', () => {
  const path = file('a.yaml', 'listen:\n  port: 9000\n');
  const loaded = loadConfiguration(Schema, path, { stateDirectory: '/tmp/y' });
  assert.deepEqual(loaded, {
    stateDirectory: '/tmp/y',
    listen: { host: '127.0.0.1', port: 9000 },
    connectors: [],
  });
});

test('rejects an unknown key with a suggestion, at any depth', () => {
  assert.match(
    failure(() => loadConfiguration(Schema, file('b.yaml', 'stateDirectry: /x'))).message,
    /did you mean 'stateDirectory'/,
  );
  const nested = failure(() =>
    loadConfiguration(Schema, file('c.yaml', 'connectors: [{name: a, server: b, sever: c}]')),
  );
  assert.equal(nested.code, 'bad-configuration');
  assert.match(nested.message, /unknown key 'connectors\.0\.sever', did you mean 'server'/);
});

test('names a file that is missing or no YAML mapping', () => {
  assert.match(
    failure(() => loadConfiguration(Schema, join(folder, 'none.yaml'))).message,
    /cannot read .*none\.yaml/,
  );
  assert.match(
    failure(() => loadConfiguration(Schema, file('d.yaml', '- a\n'))).message,
    /'key: value' lines/,
  );
});

test('reads a secret from a private file or the environment, never from the configuration itself', () => {
  assert.equal(readSecret(`file:${file('s', 'made-up\n')}`, 'password'), 'made-up');
  assert.equal(
    failure(() => readSecret(`file:${file('open', 'made-up', 0o644)}`, 'password')).code,
    'file-not-private',
  );
  const inline = failure(() => readSecret('made-up-secret', 'password'));
  assert.equal(inline.code, 'secret-inline');
  assert.ok(!inline.message.includes('made-up-secret'));
  assert.equal(failure(() => readSecret('env:CAUSEWAY_NOT_SET', 'password')).code, 'secret-missing');
});
