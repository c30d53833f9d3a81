import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { FOLDERS } from './folders.ts';

const folder = (files: number, name: (at: number) => string) =>
  Object.fromEntries(Array.from({ length: files }, (_, at) => [`lab/e2e/${name(at)}`, '']));

test('finds a folder of more than 20 files, without its tests and subfolders', () => {
  const others = { ...folder(30, at => `${at}.test.ts`), ...folder(15, at => `within/${at}.ts`) };
  assert.deepEqual(planted(FOLDERS, { ...folder(20, at => `${at}.ts`), ...others }), []);
  assert.deepEqual(planted(FOLDERS, { ...folder(21, at => `${at}.ts`), ...others }), [
    'lab/e2e: 21 files, more than 20: make folders of those that belong together',
  ]);
});
