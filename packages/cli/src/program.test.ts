import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CALL_ERRORS } from '@causeway/active-directory';
import { ERRORS } from '@causeway/service';
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

test('a command that a domain controller refuses says what to do', () => {
  const main = fileURLToPath(import.meta.resolve('./main.ts'));
  const args = [
    'replicate',
    '--server',
    '127.0.0.1',
    '--account',
    'reader@corp',
    '--port',
    '1',
    '--all',
    '--json',
  ];
  const env = { ...process.env, CAUSEWAY_PASSWORD: 'made-up' };
  const { stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
  const { code, todo } = JSON.parse(stderr.trim().split('\n').at(-1)!).error;
  assert.deepEqual([code, todo], ['unreachable', CALL_ERRORS.unreachable.todo]);
});

test('every command that an error says to run exists, with its options', async () => {
  const program = await createProgram();
  const commands = [...Object.entries(ERRORS), ...Object.entries(CALL_ERRORS)].flatMap(([code, { todo }]) =>
    [...todo.matchAll(/^ {2}causeway (?<words>[^…\n]+)$/gm)].map(({ groups }) => ({
      code,
      line: groups!.words!,
    })),
  );
  assert.ok(commands.length > 50);
  for (const { code, line } of commands) {
    let command: Command = program;
    let words = line.split(' ');
    for (let next = childOf(command, words); next; next = childOf(command, words)) {
      command = next;
      words = words.slice(1);
    }
    assert.equal(command.commands.length, 0, `${code}: 'causeway ${line}' is no command`);
    const needed = command.options.filter(({ mandatory, long }) => mandatory && !EVERYWHERE.has(long ?? ''));
    for (const { long } of needed)
      assert.ok(words.includes(long!), `${code}: 'causeway ${line}' lacks ${long}`);
    for (const flag of words.filter(word => word.startsWith('--')))
      assert.ok(
        command.options.some(({ long }) => long === flag),
        `${code}: 'causeway ${line}' has no ${flag}`,
      );
  }
});

/** What every command of a kind takes is not repeated: whose tenant it is, and who asks. */
const EVERYWHERE = new Set(['--tenant', '--token-file']);

const childOf = (command: Command, [word]: string[]): Command | undefined =>
  command.commands.find(child => child.name() === word);
