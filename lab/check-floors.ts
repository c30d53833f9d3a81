import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { importsOf, withoutComments } from './imports.ts';
import { FLOORS } from './layers.ts';

/** One file imports another one of the same home; paths from there. */
interface Arrow {
  from: string;
  to: string;
  line: number;
}

/** Every breach of the floors under `root`, and every circle of files, one sentence each. */
export function checkFloors(root: string): string[] {
  const homes = globSync('packages/*/src', { cwd: root }).sort();
  if (existsSync(join(root, 'lab'))) homes.push('lab');
  return homes.flatMap(home => {
    const arrows = arrowsWithin(join(root, home));
    const floors = FLOORS[home.replace(/^packages\/(.*)\/src$/, '$1')];
    const breaches = floors === undefined ? [] : againstFloors(arrows, filesOf(join(root, home)), floors);
    const circles = circlesOf(arrows).map(circle => `${circle.join(' > ')} is a circle`);
    return [...breaches, ...circles].map(breach => `${home}/${breach}`);
  });
}

const filesOf = (home: string): string[] =>
  globSync('**/*.ts', { cwd: home, exclude: ['node_modules'] }).sort();

function arrowsWithin(home: string): Arrow[] {
  return filesOf(home).flatMap(from => {
    const source = withoutComments(readFileSync(join(home, from), 'utf8'));
    return importsOf(source)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier, line }) => ({
        from,
        to: relative(home, resolve(home, dirname(from), specifier)),
        line,
      }))
      .filter(({ to }) => !to.startsWith('..'));
  });
}

/** A folder is a room; a file beside the folders is a room of its own. */
const roomOf = (file: string): string => file.split('/')[0]!.replace(/\.ts$/, '');

/** Tests, and what helps them, may look into every room. */
const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.startsWith('testing/');

function againstFloors(
  arrows: readonly Arrow[],
  files: readonly string[],
  floors: readonly (readonly string[])[],
): string[] {
  const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map(room => [room, floor] as const)));
  const homeless = files
    .filter(file => !isTest(file) && !floorOf.has(roomOf(file)))
    .map(file => `${file}: the room ${roomOf(file)} is on no floor of lab/layers.ts`);
  const upwards = arrows
    .filter(({ from, to }) => !isTest(from) && roomOf(from) !== roomOf(to))
    .filter(({ from, to }) => !(floorOf.get(roomOf(to))! > floorOf.get(roomOf(from))!))
    .map(({ from, to, line }) => `${from}:${line}: ${roomOf(from)} may not import ${roomOf(to)}`);
  return [...homeless, ...upwards];
}

/** Files that import each other, types too; each circle once, from its first file back to it. */
function circlesOf(arrows: readonly Arrow[]): string[][] {
  const targets = Map.groupBy(arrows, ({ from }) => from);
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return circles;
}
