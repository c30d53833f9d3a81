import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { DECISIONS } from './decisions.ts';

const STATUS = 'Status: accepted, 2026-11-23.';
const first = (text: string): string[] => planted(DECISIONS, { 'docs/adr/0001-a.md': text });

test("finds a decision without a status, a date, or its file's number", () => {
  for (const text of [
    '# 1. A\n\n**Decided.** B.\n',
    '# 1. A\n\nStatus: accepted.\n',
    '# 1. A\n\nStatus: maybe, 2026-11-23.\n',
    `# 2. A\n\n${STATUS}\n`,
    `# A\n\n${STATUS}\n`,
  ]) {
    const [breach, ...others] = first(text);
    assert.match(breach ?? '', /^docs\/adr\/0001-a\.md:1: a decision begins with/, text);
    assert.deepEqual(others, []);
  }
  assert.equal(planted(DECISIONS, { 'docs/adr/a.md': `# 1. A\n\n${STATUS}\n` }).length, 1);
});

test('finds a number that two decisions share', () => {
  const text = `# 1. A\n\n${STATUS}\n`;
  assert.deepEqual(planted(DECISIONS, { 'docs/adr/0001-a.md': text, 'docs/adr/0001-b.md': text }), [
    'docs/adr/0001-b.md:1: another decision has the number 0001: take the next',
  ]);
});

test('accepts a decision that was proposed, accepted or superseded', () => {
  for (const status of [
    STATUS,
    'Status: proposed, 2026-11-23',
    'Status: superseded by [2](0002-b.md), 2026-11-24. It was too slow.',
  ])
    assert.deepEqual(first(`# 1. A\n\n${status}\n\n**Decided.** B.\n`), [], status);
});
