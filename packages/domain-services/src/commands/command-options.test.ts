import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { forestOption } from './command-options.ts';

test('reads a forest’s name in lower case, whatever case it is typed in', () => {
  const command = forestOption(new Command(), 'only of this forest');
  command.parse(['--forest', 'Corp.EXAMPLE.com'], { from: 'user' });
  assert.deepEqual(command.opts(), { forest: 'corp.example.com' });
});
