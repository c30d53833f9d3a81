// The tables of docs/formats.md are generated from the kinds. To write them again:
//   node --test --test-update-snapshots packages/records/src/kinds/formats-page.test.ts
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Check, type Fields, isObjectCheck } from './check.ts';
import { OF_USER } from './fields.ts';
import { type AnyKind, KINDS } from './kinds.ts';

const PAGE = new URL('../../../../docs/formats.md', import.meta.url);
const BLOCK = /(<!-- made of records\/kinds: (\S+) -->\n)([\s\S]*?)(?=<!-- end of (\S+) -->\n)/g;

type Row = [member: string, form: string, meaning: string];

test('docs/formats.md lists the members of every kind as they are signed and checked', () => {
  const page = readFileSync(PAGE, 'utf8');
  const made = new Map(KINDS.map(kind => [kind.name as string, kindText(kind)]));
  made.set('fields', table(rowsOf(OF_USER)));
  const blocks = [...page.matchAll(BLOCK)].map(([, , name, text, end]) => ({ name, text, end }));
  assert.equal(made.size, KINDS.length + 1, 'every kind has a name of its own');
  assert.deepEqual(blocks.map(({ name }) => name).sort(), [...made.keys()].sort(), 'one block each');
  for (const { name, end } of blocks) assert.equal(end, name, 'a block ends before another one begins');
  if (process.execArgv.includes('--test-update-snapshots')) {
    writeFileSync(
      PAGE,
      page.replaceAll(BLOCK, (_, begin, name) => `${begin}${made.get(name)}`),
    );
    return;
  }
  for (const { name, text } of blocks) assert.equal(text, made.get(name!), name);
});

test('every member of every kind has a documented meaning', () => {
  for (const { fields } of KINDS)
    for (const [member, form, meaning] of rowsOf(fields))
      for (const cell of [member, form, meaning]) assert.match(cell, /^[^|\n]{4,}$/, member);
});

/** What sets a kind apart from the members of every user's record. */
function kindText(kind: AnyKind): string {
  const versions = [...kind.versions];
  const formOf = (name: string, check: Check<unknown>) => {
    const differing = versions.filter(([, { checks }]) => name in checks);
    const forms = differing.map(
      ([number, { checks }]) => `; in version ${number}: ${checks[name]!.expected}`,
    );
    return check.expected + forms.join('');
  };
  const own = Object.entries(kind.fields).filter(
    ([name, field]) =>
      (OF_USER as Fields)[name] !== field || versions.some(([, { checks }]) => name in checks),
  );
  const version: Row = [
    '`version`',
    versions.map(([number]) => number).join(', '),
    versions.map(([number, { says }]) => (versions.length > 1 ? `${number}: ${says}` : says)).join('; '),
  ];
  const [bytes, characters] = [kind.maxPayloadLength, kind.maxLength].map(n => n.toLocaleString('en-US'));
  const limits = `Payload: at most ${bytes} bytes; all of it: at most ${characters} characters.`;
  return `\`typ\` is \`${kind.typ}\`. ${limits}\n\n${table([version, ...rowsOf(Object.fromEntries(own), formOf)])}`;
}

function rowsOf(
  fields: Fields,
  formOf = (_name: string, check: Check<unknown>) => check.expected,
  within = '',
): Row[] {
  return Object.entries(fields).flatMap(([name, { check, meaning }]) => {
    const path = `${within}${name}`;
    const row: Row = [`\`${path}\``, formOf(path, check), meaning];
    return isObjectCheck(check) ? [row, ...rowsOf(check.fields, formOf, `${path}.`)] : [row];
  });
}

function table(rows: Row[]): string {
  const lines = rows.map(row => `| ${row.join(' | ')} |\n`);
  return `| member | what it must be | what it says |\n|---|---|---|\n${lines.join('')}`;
}
