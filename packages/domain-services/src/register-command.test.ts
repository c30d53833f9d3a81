import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CausewayError } from '@causeway/service';
import { readCode, withCode } from './register-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-code-'));
after(() => rmSync(folder, { recursive: true }));

test('a code comes from a file that its owner alone reads, or as it is, and from one of them', async () => {
  const codeFile = join(folder, 'code');
  writeFileSync(codeFile, 'abc\n', { mode: 0o600 });
  assert.equal(await readCode({ codeFile }), 'abc');
  assert.equal(await readCode({ code: 'xyz' }), 'xyz');
  assert.equal(await readCode({}), undefined);
  await assert.rejects(readCode({ code: 'xyz', codeFile }), { code: 'two-codes' });
  chmodSync(codeFile, 0o644);
  await assert.rejects(readCode({ codeFile }), { code: 'file-not-private' });
});

test('where nobody can be asked for a code, the reason why one is needed is what is told', async () => {
  const needed = new CausewayError('code-needed', 'give a code');
  const tried: (string | undefined)[] = [];
  const work = async (code: string | undefined): Promise<never> => {
    tried.push(code);
    throw needed;
  };
  // Tests have no terminal.
  await assert.rejects(withCode(undefined, work), needed);
  await assert.rejects(withCode('used', work), needed);
  assert.deepEqual(tried, [undefined, 'used']);
});
