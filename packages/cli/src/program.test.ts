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

test('every command and every option has a description', async () => {
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

/** The command lines below "Example:" in a command's help. */
function examplesOf(command: Command): string[] {
  let help = '';
  command.configureOutput({
    writeOut: text => {
      help += text;
    },
  });
  command.outputHelp();
  const [, examples = ''] = help.split(/^Examples?:$/m);
  return [...examples.matchAll(/^ {2}(.+)$/gm)].map(([, line]) => line!);
}

/** The words of a command line as a shell splits them. What follows `>` or `|` is not the command's. */
const wordsOf = (line: string): string[] =>
  [...line.split(/ [>|] /)[0]!.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);

test('every command accepts its own examples', async () => {
  const program = await createProgram();
  const lines: string[] = [];
  const ran: Command[] = [];
  for (const command of everyCommand(program)) {
    if (command.commands.length > 0) continue;
    const examples = examplesOf(command);
    assert.notEqual(examples.length, 0, `'${command.name()}' has no example`);
    lines.push(...examples);
    command.action(() => {
      ran.push(command);
    });
    command.configureOutput({ writeErr: () => {} });
    // Set what an administrator has in the environment.
    for (const option of command.options)
      if (option.envVar) command.setOptionValueWithSource(option.attributeName(), 'x', 'env');
    for (const example of examples) {
      const [name, ...words] = wordsOf(example);
      assert.equal(name, 'causeway', example);
      await program
        .parseAsync(words, { from: 'user' })
        .catch(error => assert.fail(`${example}: ${error.message}`));
      assert.equal(ran.pop(), command, example);
    }
  }
  assert.equal(new Set(lines).size, lines.length, 'no example stands at two commands');
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

test('a reader that ends early causes no error', () => {
  const main = fileURLToPath(import.meta.resolve('./main.ts'));
  const line = `'${process.execPath}' '${main}' openapi tenant | head -c 1`;
  const { stdout, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
  assert.deepEqual([stdout, stderr.replace(/^\(.*Warning.*\n|^\(Use .*\n/gm, '')], ['{', '']);
});

test('every command that an error suggests exists, with its options', async () => {
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

/** An error's command may leave out what every command of a kind requires: the tenant, and who asks. */
const EVERYWHERE = new Set(['--tenant', '--token-file']);

const childOf = (command: Command, [word]: string[]): Command | undefined =>
  command.commands.find(child => child.name() === word);
