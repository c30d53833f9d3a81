import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLOORS, LAYERS } from './layers.ts';
import { readProject } from './project.ts';
import { breachesOf, unusedOf } from './rule.ts';
import { RULES } from './rules.ts';

const root = join(import.meta.dirname, '../..');
const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** The rows of the table under a heading row, each a list of cells. */
function table(heading: RegExp): string[][] {
  const lines = architecture.split('\n');
  const from = lines.findIndex(line => heading.test(line)) + 2;
  const to = lines.findIndex((line, at) => at >= from && !line.startsWith('|'));
  return lines.slice(from, to).map(line => line.split('|').map(cell => cell.trim()));
}

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

test('the project itself follows every rule, and uses every permission', () => {
  const project = readProject(root);
  assert.deepEqual(
    RULES.flatMap(rule => [...breachesOf(rule, project), ...unusedOf(rule, project)]),
    [],
  );
});

test('reads every source to its end: brackets and quotes are balanced in the remaining code', () => {
  for (const { path, code } of readProject(root).files) {
    const count = (sign: string): number => code.split(sign).length - 1;
    assert.deepEqual(['{', '(', '['].map(count), ['}', ')', ']'].map(count), path);
    for (const quote of ["'", '"', '`']) assert.equal(count(quote) % 2, 0, `${quote} of ${path}`);
  }
});

test("ARCHITECTURE.md has a line for each rule, in the rule's words", () => {
  const [, list = ''] = /^### Rules\n[^-]*((?:- .*\n(?: {2}.*\n)*)+)/m.exec(architecture) ?? [];
  const lines = list
    .trimEnd()
    .split('\n- ')
    .map(line => line.replace(/^- /, '').replaceAll(/\n +/g, ' '));
  assert.deepEqual(
    lines.slice(0, RULES.length),
    RULES.map(({ says }) => says),
  );
});

test('the table of the packages lists what each may import', () => {
  const rows = table(/^\| package \|/).filter(([, name]) => LAYERS[quoted(name!)[0]!] !== undefined);
  const told = rows.map(([, name, , imports]) => [quoted(name!)[0]!, imports!] as const);
  assert.deepEqual(told.map(([name]) => name).sort(), Object.keys(LAYERS).sort());
  for (const [name, imports] of told)
    assert.deepEqual(
      imports.replace('–', '').split(', ').filter(Boolean).sort(),
      LAYERS[name]!.toSorted(),
      name,
    );
});

test('the tables of the rooms list the upper floors before the lower', () => {
  for (const [name, floors] of Object.entries(FLOORS)) {
    if (name === 'lab') continue;
    const rooms = table(new RegExp(`^\\| \`${name}/src\` \\|`)).flatMap(([, cell]) =>
      quoted(cell!).map(room => room.replace(/\.ts$/, '')),
    );
    const floorOf = (room: string) => floors.findIndex(floor => floor.includes(room));
    assert.deepEqual(
      rooms.toSorted(),
      floors
        .flat()
        .filter(room => room !== 'index')
        .sort(),
      name,
    );
    assert.deepEqual(
      rooms,
      rooms.toSorted((a, b) => floorOf(a) - floorOf(b)),
      name,
    );
  }
});
