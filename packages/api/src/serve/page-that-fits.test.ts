import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageThatFits } from './page-that-fits.ts';

test('a page has as many items as fit into an answer, and at least one', () => {
  const long = { text: 'ä'.repeat(1024 * 1024) }; // 2 MB
  assert.equal(pageThatFits([1, 2, 3]).length, 3);
  assert.equal(pageThatFits([long, 1, long, 2]).length, 2);
  assert.equal(pageThatFits([{ text: 'ä'.repeat(3 * 1024 * 1024) }, 1]).length, 1);
  assert.deepEqual(pageThatFits([]), []);
});
