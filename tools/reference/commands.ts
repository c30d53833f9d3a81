import { EXIT } from '@causeway/service';
import type { Argument, Command, Option } from 'commander';
import { code, codeBlock, list, page, paragraph, plain, proseAndCode, sentence } from './markdown.ts';

/** Every command of a program: its usage, arguments and options, and what `--help` prints after them. */
export function commandsPage(program: Command): string {
  const parts = program.commands.map(part => [
    `## ${part.name()}`,
    ...(part.commands.length === 0
      ? body(part, `${program.name()} ${part.name()}`)
      : [...notes(part), ...leaves(part, `${program.name()} ${part.name()}`).flatMap(section)]),
  ]);
  return page(
    'Commands',
    paragraph(`${code('causeway COMMAND --help')} shows the same at the terminal.`),
    list([
      `Exit codes: ${EXIT.ok} done; ${EXIT.failure} failed, with the reason on standard error; ${EXIT.usage} the command line is wrong; ${EXIT.differs} done, and what was compared differs.`,
      `${code('--json')} prints JSON, errors too.`,
      'A secret is never on a command line, which every user of the machine can read. It comes from a file that only its owner can read, from standard input, or from a question at the terminal.',
    ]),
    ...parts.flat(),
  );
}

interface Leaf {
  readonly command: Command;
  readonly path: string;
}

function leaves(command: Command, path: string): Leaf[] {
  return command.commands.length === 0
    ? [{ command, path }]
    : command.commands.flatMap(child => leaves(child, `${path} ${child.name()}`));
}

const section = ({ command, path }: Leaf): string[] => [`### ${path}`, ...body(command, path)];

function body(command: Command, path: string): string[] {
  const rows = [
    ...command.registeredArguments.map(argumentRow),
    ...command.options.filter(({ hidden }) => !hidden).map(optionRow),
  ];
  const [description = '', ...after] = notes(command);
  return [description, codeBlock([`${path} ${command.usage()}`]), list(rows), ...after];
}

/** The description, and what `--help` prints after the options. */
function notes(command: Command): string[] {
  return [paragraph(sentence(plain(command.description()))), ...proseAndCode(afterHelp(command))];
}

/** The text that `addHelpText('after', …)` added. */
function afterHelp(command: Command): string {
  let shown = '';
  command.configureOutput({
    writeOut: text => {
      shown += text;
    },
  });
  command.outputHelp();
  return shown.slice(command.helpInformation().length).trim();
}

function argumentRow(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return row(code(argument.required ? `<${name}>` : `[${name}]`), argument.description, [
    ...oneOf(argument.argChoices),
    ...defaultOf(argument.defaultValue),
  ]);
}

function optionRow(option: Option): string {
  return row(code(option.flags), option.description, [
    ...oneOf(option.argChoices),
    ...(option.mandatory ? ['Required.'] : []),
    ...(option.negate ? [] : defaultOf(option.defaultValue)),
    ...(option.envVar === undefined ? [] : [`Environment variable: ${code(option.envVar)}.`]),
  ]);
}

const row = (name: string, description: string, facts: readonly string[]): string =>
  `${name}: ${[sentence(plain(description)), ...facts].join(' ')}`;

const oneOf = (choices: readonly string[] | undefined): string[] =>
  choices === undefined ? [] : [`One of ${choices.map(code).join(', ')}.`];

const defaultOf = (value: unknown): string[] =>
  value === undefined || value === false ? [] : [`Default: ${code(String(value))}.`];
