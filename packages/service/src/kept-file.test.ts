import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import { KeptFile } from './kept-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-kept-'));
after(() => rmSync(folder, { recursive: true }));
const Kept = z.strictObject({ keys: z.array(z.string()) });

test('keeps confirmations in a file that only its owner can read, and writes it whole at every change', () => {
  const path = join(folder, 'confirmed.json');
  const file = new KeptFile(path, Kept);
  assert.equal(file.value, undefined);
  assert.deepEqual(readdirSync(folder), [], 'a place that confirmed nothing makes no file');
  file.keep({ keys: ['a'] });
  file.keep({ keys: ['a', 'b'] });
  assert.deepEqual(new KeptFile(path, Kept).value, { keys: ['a', 'b'] });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['confirmed.json']);
});

test('refuses an unreadable file without changing it, and says what to do', () => {
  const path = join(folder, 'broken.json');
  const broken = ['', '{"keys": ["a"', 'null', '{"keys": "a"}', '{"keys": [], "more": 1}'];
  for (const text of broken) {
    writeFileSync(path, text, { mode: 0o600 });
    assert.throws(() => new KeptFile(path, Kept), {
      code: 'confirmations-unreadable',
      message: /broken\.json' /,
      todo: /Restore the file from the backup.*confirm every key again/,
    });
    assert.equal(readFileSync(path, 'utf8'), text);
  }
});

test('refuses a file that others can read, and a folder in its place', () => {
  const path = join(folder, 'open.json');
  writeFileSync(path, '{"keys": []}');
  chmodSync(path, 0o644);
  assert.throws(() => new KeptFile(path, Kept), { code: 'file-not-private' });
  assert.throws(() => new KeptFile(folder, Kept), { code: 'file-unreadable' });
});

test('keeps the former content if the disk refuses a change', () => {
  const path = join(folder, 'gone', 'confirmed.json');
  const file = new KeptFile(path, Kept);
  file.keep({ keys: ['a'] });
  rmSync(join(folder, 'gone'), { recursive: true });
  writeFileSync(join(folder, 'gone'), 'in its place');
  assert.throws(() => file.keep({ keys: ['b'] }));
  assert.deepEqual(file.value, { keys: ['a'] });
});
