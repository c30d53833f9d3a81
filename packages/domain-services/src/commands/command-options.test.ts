import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { forestOption } from './command-options.ts';

test('a forest is the same one in whatever case it is typed', () => {
  const command = forestOption(new Command(), 'only of this forest');
  command.parse(['--forest', 'Corp.EXAMPLE.com'], { from: 'user' });
  assert.deepEqual(command.opts(), { forest: 'corp.example.com' });
});
