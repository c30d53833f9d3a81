import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { LENGTHS } from './lengths.ts';

const lines = (count: number, first = 'a;'): string => `${first}\n${'a;\n'.repeat(count - 1)}`;

test('finds a file of more than 300 lines, unless its first line gives a reason', () => {
  const files = {
    'lab/bench/a.ts': lines(301),
    'lab/bench/b.ts': lines(300),
    'lab/bench/c.ts': lines(301, '// Long because it is one table.'),
    'lab/bench/d.test.ts': lines(301),
  };
  assert.deepEqual(planted(LENGTHS, files), [
    'lab/bench/a.ts:1: 301 lines, more than 300: move one of the things that it holds to a file of its own',
  ]);
});

test('finds a reason in a file that is not long', () => {
  assert.deepEqual(planted(LENGTHS, { 'lab/bench/a.ts': lines(300, '// Long because it was once.') }), [
    'lab/bench/a.ts:1: it says why it is long, and has 300 lines: take the comment away',
  ]);
});

test('Biome finds a function of more than 70 lines, except in tests, the story and tables of commands', () => {
  const root = join(import.meta.dirname, '../../..');
  const folder = mkdtempSync(join(tmpdir(), 'causeway-lengths-'));
  const plant = (path: string, count: number): void => {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    const body = '  globalThis.name;\n'.repeat(count);
    writeFileSync(join(folder, path), `export function a(): void {\n${body}}\n`);
  };
  try {
    const configuration = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...configuration, vcs: { enabled: false } }));
    plant('packages/wire/src/long.ts', 71);
    for (const path of [
      'packages/wire/src/a.test.ts',
      'lab/demo/story.ts',
      'packages/tenant/src/commands/a.ts',
    ])
      plant(path, 71);
    plant('packages/wire/src/short.ts', 70);
    const biome = [join(root, 'node_modules/.bin/biome'), 'lint', '--reporter=github', '.'];
    const { stdout } = spawnSync(process.execPath, biome, { cwd: folder, encoding: 'utf8' });
    assert.deepEqual(stdout.match(/[\w-]+\.ts\b/g), ['long.ts'], stdout);
    assert.match(stdout, /too many lines \(71\)/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
