import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createProgram } from '@causeway/cli';
import type { Command } from 'commander';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = new Map(
  [
    ...readdirSync(root).filter(name => name.endsWith('.md')),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.md'))
      .map(name => join('docs', name)),
  ].map(name => [name, readFileSync(join(root, name), 'utf8')]),
);

const SPAN = /`((?:causeway |connect |tenant |domain )[^`]+)`/g;
const IN_BLOCK = /\bcauseway ((?:connect|tenant|domain|doctor|powershell|openapi|replicate)\b[^|;&)\n]*)/g;

/** The commands of a document. Each stands alone in a code span, or in a code block, perhaps over several lines and among others. */
function commandsIn(text: string): string[] {
  const prose: string[] = [];
  const code: string[] = [];
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    const [, mark] = /^ *```(.*)$/.exec(line) ?? [];
    if (mark !== undefined) fence = fence === undefined ? mark : undefined;
    else if (fence === undefined) prose.push(line);
    else if (
      fence === 'sh' ||
      (fence === 'console' && (line.startsWith('# ') || code.at(-1)?.endsWith('\\')))
    )
      code.push(line);
  }
  const spans = Array.from(prose.join('\n').matchAll(SPAN), ([, span = '']) => span);
  const blocks = code
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .matchAll(IN_BLOCK);
  return [
    ...spans.map(span => span.replace(/^causeway /, '').replace(/\s+/g, ' ')),
    ...Array.from(blocks, ([, command = '']) => command),
  ];
}

/** What is wrong with a document's command; undefined if a reader can run it. */
function faultOf(program: Command, text: string): string | undefined {
  const words = text.trim().split(' ');
  let command = program;
  while (words.length > 0) {
    const next = command.commands.find(child => child.name() === words[0]);
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  const [word = ''] = words;
  if (command.commands.length > 0 && /^[a-z]/.test(word)) return `there is no '${command.name()} ${word}'`;
  const known = new Set(['--help', ...command.options.map(({ long }) => long)]);
  const unknown = words.find(each => /^--[a-z]/.test(each) && !known.has(each));
  return unknown && `'${command.name()}' has no ${unknown}`;
}

test('documents name only commands and options that exist', async () => {
  const program = await createProgram();
  const wrong: string[] = [];
  let found = 0;
  for (const [document, text] of documents) {
    if (document === 'docs/formats.md') continue; // its signature labels begin with the same word
    for (const command of commandsIn(text)) {
      const first = command.split(/[ |]/)[0]!;
      if (['demo', 'test', 'lab'].includes(first) || /^[a-z]+\|/.test(command)) continue;
      const fault = faultOf(program, command);
      if (fault !== undefined) wrong.push(`${document}: ${command}: ${fault}`);
      found++;
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(found > 300, `${found} commands`);
  assert.equal(faultOf(program, 'tenant enrolment make'), "there is no 'enrolment make'");
  assert.equal(faultOf(program, 'connect enrol --forest X'), "'enrol' has no --forest");
});
