import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { DOCUMENT_LINES } from './document-lines.ts';

const lines = (text: string): string[] => planted(DOCUMENT_LINES, { 'docs/a.md': text });

test('finds a line that is too long', () => {
  assert.deepEqual(lines(`# A\n\n${'a '.repeat(81)}\n`), [
    'docs/a.md:3: a line of 162 characters, 160 at most: break it',
  ]);
  assert.equal(lines(`- ${'ä '.repeat(80)}`).length, 1);
});

test('counts characters, and skips code and what cannot be broken', () => {
  for (const text of [
    'ä'.repeat(160),
    `\`\`\`sh\n${'a '.repeat(100)}\n\`\`\``,
    `https://example.com/${'a'.repeat(200)}`,
  ])
    assert.deepEqual(lines(text), [], text);
});
