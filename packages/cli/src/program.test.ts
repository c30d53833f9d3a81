import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from './index.ts';

function* everyCommand(command: Command): Generator<Command> {
  for (const child of command.commands) {
    yield child;
    yield* everyCommand(child);
  }
}

test('every command says what it is for, and every option too', async () => {
  const commands = [...everyCommand(await createProgram())];
  assert.ok(commands.length > 10);
  for (const command of commands) {
    assert.notEqual(command.description(), '', `'${command.name()}' has no description`);
    for (const option of command.options) assert.ok(option.description, `${command.name()} ${option.flags}`);
  }
});

test('every command prints its help', async () => {
  for (const command of everyCommand(await createProgram()))
    assert.match(command.helpInformation(), /Usage: causeway /);
});
