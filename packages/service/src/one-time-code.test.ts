import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CausewayError } from './causeway-error.ts';
import { readCode, withCode } from './one-time-code.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-code-'));
after(() => rmSync(folder, { recursive: true }));

test('reads a code from a file that only its owner can read, or from hidden input', async () => {
  const codeFile = join(folder, 'code');
  writeFileSync(codeFile, 'abc\n', { mode: 0o600 });
  assert.equal(await readCode({ codeFile }), 'abc');
  assert.equal(await readCode({}), undefined);
  assert.equal(await readCode({ codeFile: '-' }, async () => 'typed'), 'typed');
  chmodSync(codeFile, 0o644);
  await assert.rejects(readCode({ codeFile }), { code: 'file-not-private' });
});

test('asks for a code only if none was given and one is needed', async () => {
  const needed = new CausewayError('code-needed', 'give a code');
  const tried: (string | undefined)[] = [];
  const work = async (code: string | undefined): Promise<string> => {
    tried.push(code);
    if (code !== 'typed') throw needed;
    return 'done';
  };
  const nobody = async () => undefined;
  const somebody = async (question: string) => (question.includes(needed.message) ? 'typed' : undefined);
  await assert.rejects(withCode(undefined, work, nobody), needed);
  await assert.rejects(withCode('used', work, somebody), needed);
  assert.equal(await withCode(undefined, work, somebody), 'done');
  assert.deepEqual(tried, [undefined, 'used', undefined, 'typed']);
});
