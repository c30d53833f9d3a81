import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ENVIRONMENT_VARIABLES, example } from '@causeway/service';
import { Argument, Command, Option } from 'commander';
import { z } from 'zod';
import { commandsPage } from './commands.ts';
import { configurationPage } from './configuration.ts';
import { errorsPage } from './errors.ts';
import { eventsPage } from './events.ts';
import { MAX_LINE, paragraph, plain } from './markdown.ts';
import { pagesIn, referencePages, staleness } from './pages.ts';

test('the reference matches the code', async () => {
  const found = pagesIn(join(import.meta.dirname, '../..'));
  assert.deepEqual(staleness(await referencePages(), found), []);
});

test('finds each page that drifted, is missing, or is not expected', () => {
  const made = new Map([
    ['docs/reference/commands.md', '- `--days <n>`: Default: `90`.\n'],
    ['docs/reference/routes.md', 'x\n'],
    ['docs/reference/errors.md', 'y\n'],
  ]);
  const found = new Map([
    ['docs/reference/commands.md', '- `--days <n>`: Default: `30`.\n'],
    ['docs/reference/routes.md', 'x\n'],
    ['docs/reference/old.md', ''],
  ]);
  assert.deepEqual(staleness(made, found), [
    "docs/reference/commands.md does not match the code: run 'npm run reference'",
    "docs/reference/errors.md does not match the code: run 'npm run reference'",
    "docs/reference/old.md does not match the code: run 'npm run reference'",
  ]);
});

const TABLE = 'packages/service/src/environment.ts';
/** A quoted name of an environment variable. */
const NAMED = /['"](?:CAUSEWAY_[A-Z_]+|DATABASE_URL|SUDO_USER)['"]/g;

/** A program with a planted command. */
const program = (plant: (command: Command) => Command): string => {
  const causeway = new Command('causeway');
  plant(causeway.command('tool').description('does it'));
  return commandsPage(causeway);
};

test("shows a command's arguments, options, notes and examples", () => {
  const text = program(command =>
    command
      .addArgument(new Argument('<what>', 'of which kind').choices(['a', 'b']))
      .requiredOption('--out <file>', "as 'causeway tool x' writes it")
      .addOption(new Option('--days <n>', 'how long').default(90).env('DAYS'))
      .addOption(new Option('--old', 'of releases before').hideHelp())
      .option('--no-wait', 'return at once')
      .addHelpText('after', '\nThe exit code is 0.')
      .addHelpText('after', example('causeway tool a --out x')),
  );
  assert.ok(
    text.endsWith(`## tool

Does it.

\`\`\`sh
causeway tool [options] <what>
\`\`\`

- \`<what>\`: Of which kind. One of \`a\`, \`b\`.
- \`--out <file>\`: As \`causeway tool x\` writes it. Required.
- \`--days <n>\`: How long. Default: \`90\`. Environment variable: \`DAYS\`.
- \`--no-wait\`: Return at once.

The exit code is 0.

Example:

\`\`\`sh
causeway tool a --out x
\`\`\`
`),
    text,
  );
});

test('a changed default, option or example of a command changes the page', () => {
  const plain = program(command => command.option('--days <n>', 'how long', '90'));
  for (const plant of [
    (command: Command) => command.option('--days <n>', 'how long', '30'),
    (command: Command) => command.option('--days <n>', 'how long', '90').option('--json', 'print JSON'),
    (command: Command) =>
      command.option('--days <n>', 'how long', '90').addHelpText('after', example('causeway tool')),
  ])
    assert.notEqual(program(plant), plain);
});

const configuration = (schema: z.ZodType, elsewhere: readonly string[] = []): string[] =>
  configurationPage([{ title: 'Tool', intro: 'Its file.', schema, elsewhere }])
    .split('\n')
    .filter(line => line.startsWith('- '));

test('shows every key of a configuration with its type, default and meaning', () => {
  const schema = z.strictObject({
    growth: z.enum(['alarm', 'hold']).default('alarm').describe('What happens.'),
    listen: z
      .strictObject({ port: z.int().min(1).max(9).describe('The port.') })
      .optional()
      .describe('Where.'),
    several: z
      .array(z.strictObject({ name: z.string().optional().describe('Its name.') }))
      .max(3)
      .describe('Several.'),
    more: z.record(z.string(), z.string()).default({}).describe('More.'),
  });
  assert.deepEqual(configuration(schema), [
    '- `growth` (one of `alarm`, `hold`, default `alarm`): What happens.',
    '- `listen` (keys below, optional): Where.',
    '- `listen.port` (whole number, 1 to 9, required): The port.',
    '- `several` (list of entries, at most 3, required): Several.',
    '- `several[].name` (text, optional): Its name.',
    '- `more` (names with texts, default none): More.',
  ]);
  assert.ok(!configuration(schema, ['several']).join('').includes('several[]'));
});

test('refuses a configuration key without a meaning, however deep', () => {
  const nameless = z.strictObject({ listen: z.strictObject({ port: z.int() }).describe('Where.') });
  assert.throws(() => configuration(nameless), /'listen\.port' has no description.*\.describe\(\)/);
});

test('shows every error with what to do, and the current codes of merged ones', () => {
  const text = errorsPage(
    [
      {
        title: 'Everywhere',
        errors: {
          'port-taken': {
            status: 409,
            retry: 'later',
            means: 'Another program has the port.',
            todo: 'Find it:\n  ss -ltnp\nThen end it.',
          },
          'disk-full': { means: 'A disk is full.', todo: 'Free space.' },
        },
      },
    ],
    { 'port-in-use': 'port-taken' },
  );
  assert.ok(
    text.endsWith(`## Everywhere

### disk-full

A disk is full.

What to do: Free space.

### port-taken

Another program has the port. Status 409. The same call may succeed later.

What to do: Find it:

\`\`\`sh
ss -ltnp
\`\`\`

Then end it.

## Codes of the release before

- \`port-in-use\` is \`port-taken\` now.
`),
    text,
  );
});

test('shows every event by its number, and the audit trail', () => {
  const text = eventsPage(
    {
      found: { id: 904, level: 'info', when: 'a cycle has ended', logOnly: true },
      held: { id: 116, level: 'error', when: 'Deletions wait.', original: 'threshold exceeded' },
    },
    { block: 'An administrator blocked a user.' },
  );
  assert.ok(
    text.endsWith(`
- **116** (error): Deletions wait. In the original: threshold exceeded.
- **904** (info): A cycle has ended. In the service's log only.

## Audit trail of Domain Services

- \`block\`: An administrator blocked a user.
`),
    text,
  );
});

test('the table lists every environment variable that is read, and no other', () => {
  const root = join(import.meta.dirname, '../..');
  const sources = globSync(['packages/*/src/**/*.ts', 'powershell/ADSync/**/*.cs'], { cwd: root }).filter(
    path => !path.endsWith('.test.ts') && !path.includes('/testing/') && path !== TABLE,
  );
  const read = sources.flatMap(path => readFileSync(join(root, path), 'utf8').match(NAMED) ?? []);
  const names = [...new Set(read.map(name => name.slice(1, -1)))];
  assert.deepEqual(names.sort(), Object.keys(ENVIRONMENT_VARIABLES).sort());
});

test('fills lines without breaking code, and begins none with a Markdown mark', () => {
  const words = Array.from({ length: 120 }, (_, i) => (i % 7 === 0 ? '`a b c`' : i % 3 === 0 ? '-' : 'word'));
  const lines = paragraph(words.join(' '), '- ').split('\n');
  assert.ok(lines.length > 2);
  for (const [i, line] of lines.entries()) {
    assert.ok(line.length <= MAX_LINE, line);
    assert.match(line, i === 0 ? /^- / : /^ {2}[^-\s]/);
    assert.equal([...line.matchAll(/`/g)].length % 2, 0, line);
  }
  assert.deepEqual(lines.join(' ').split(/\s+/).slice(1), words.join(' ').split(' '));
});

test('escapes what Markdown would interpret', () => {
  assert.equal(plain("<a> * 'causeway x <y>' `run` D\\u"), '\\<a\\> \\* `causeway x <y>` `run` D\\\\u');
});
