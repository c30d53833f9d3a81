import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { LINKS } from './links.ts';

const there = {
  'docs/operations.md': '# Operations\n\n## Back up `it`, and restore\n\n## Twice\n\n## Twice\n',
  'packages/wire/src/a.ts': '',
};
const links = (text: string): string[] =>
  planted(LINKS, { ...there, 'docs/adr/0001.md': text }).filter(each => each.startsWith('docs/adr/'));

test('finds a link to a missing file', () => {
  assert.deepEqual(links('\n[a](../operation.md)'), [
    "docs/adr/0001.md:2: the link '../operation.md' leads nowhere: there is no docs/operation.md",
  ]);
  for (const target of ['operations.md', '../../README.md', '/docs/operations.md', '../operation.md#twice'])
    assert.equal(links(`[a](${target})`).length, 1, target);
});

test('finds a link to a missing heading', () => {
  assert.deepEqual(links('[a](../operations.md#backup)'), [
    "docs/adr/0001.md:1: the link '../operations.md#backup' leads nowhere: no heading of docs/operations.md is called so",
  ]);
  for (const target of ['#above', '../operations.md#twice-2', '../../packages/wire/src/a.ts#x'])
    assert.equal(links(`# Below\n[a](${target})`).length, 1, target);
});

test('accepts links to files, folders, headings and the web, and skips code', () => {
  for (const target of [
    '../operations.md',
    '../operations.md#back-up-it-and-restore',
    '../operations.md#twice-1',
    '../../packages/wire/src',
    '../../packages/wire/src/',
    '#below',
    'https://example.com/#x',
  ])
    assert.deepEqual(links(`# Below\n[a](${target})`), [], target);
  assert.deepEqual(links('`[a](nowhere.md)`\n\n```sh\n[a](nowhere.md)\n# no heading\n```\n'), []);
  assert.equal(links('```sh\n# no heading\n```\n[a](#no-heading)').length, 1);
});
