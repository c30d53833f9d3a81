import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOutput, parseDocument, passwordAsked } from './document.ts';

test('returns commands with their output, files and scripts in the document’s order', () => {
  const steps = parseDocument(
    [
      'Make it:',
      '```yaml',
      '# /etc/causeway/tenant.yaml',
      'listen:',
      '  port: 1',
      '```',
      '```console',
      '# causeway tenant create contoso \\',
      '    --admin a@b',
      'tenant contoso is made',
      '',
      '# causeway tenant status',
      '```',
      '```powershell',
      '$a = 1',
      '```',
      '```text',
      '1',
      '```',
      '```ini',
      '# /etc/samba/smb.conf',
      '[global]',
      '```',
      '```mermaid',
      'not ours',
      '```',
    ].join('\n'),
  );
  assert.deepEqual(steps, [
    { kind: 'file', line: 3, path: '/etc/causeway/tenant.yaml', content: 'listen:\n  port: 1\n' },
    {
      kind: 'shell',
      line: 8,
      command: 'causeway tenant create contoso \\\n    --admin a@b',
      expected: ['tenant contoso is made', ''],
    },
    { kind: 'shell', line: 12, command: 'causeway tenant status', expected: [] },
    { kind: 'powershell', line: 15, script: '$a = 1\n', expected: ['1'] },
    { kind: 'file', line: 21, path: '/etc/samba/smb.conf', content: '[global]\n' },
  ]);
});

test('rejects a document of another form with the line', () => {
  assert.throws(() => parseDocument('```console\noutput first\n```'), /line 2: a command behind '# '/);
  assert.throws(() => parseDocument('```console\n# x'), /line 1: the block that begins here does not end/);
  assert.throws(() => parseDocument('```yaml\nlisten: 1\n```'), /line 2: a block of yaml begins with/);
  assert.throws(() => parseDocument('```text\n1\n```'), /line 2: a text block tells/);
});

test('types a password where the document shows a prompt', () => {
  assert.equal(passwordAsked(['Password for [AADDS\\Administrator]:', 'Joined']), 'AADDS\\Administrator');
  assert.equal(passwordAsked(['Password for alice@AADDS.EXAMPLE.NET:']), 'alice@AADDS.EXAMPLE.NET');
  assert.equal(passwordAsked(['Joined', 'password  …']), undefined);
});

test('compares output to the letter, except for what differs from run to run', () => {
  const same = (expected: string[], actual: string[]) => compareOutput(expected, actual) === undefined;
  assert.ok(same(['a', 'b'], ['a', 'b', '']));
  assert.ok(!same(['a'], ['a', 'b']));
  assert.ok(!same(['a', 'b'], ['a']));
  assert.ok(same(['code  …', 'until …Z'], ['code  XYZ', 'until 2026-01-01Z']));
  assert.ok(!same(['code  …!'], ['code  XYZ']));
  assert.ok(!same(['ab…ba'], ['aba']));
  assert.ok(same(['…'], []));
  assert.ok(same(['a', '…', 'z'], ['a', 'b', 'c', 'z']));
  assert.ok(!same(['a', '…', 'z'], ['a', 'b', 'c']));
  assert.match(compareOutput(['a'], ['b'])!, /the document says\n {2}a\nand this came\n {2}b/);
});
