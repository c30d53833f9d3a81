import { dirname, join } from 'node:path';
import { FLOORS } from '../layers.ts';
import type { SourceFile } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';

/** A room must be on a floor. `who` is a package, or `lab`; `what` is one of its rooms. */
export const ROOMS: Rule = {
  name: 'rooms',
  says: 'Within a package, and within `lab`, a room imports from the floors below it alone, types too; tests may look into every room.',
  permissions: Object.entries(FLOORS).flatMap(([who, floors]) =>
    floors.flat().map(what => ({ who, what, because: 'it is on a floor' })),
  ),
  find: ({ files }) =>
    files
      .filter(({ name, isTest }) => name in FLOORS && !isTest)
      .flatMap(file => [standing(file), ...upwards(file, FLOORS[file.name]!)]),
};

/** A folder is a room; a file beside the folders is a separate room. */
const roomOf = (home: string, path: string): string =>
  path
    .slice(home.length + 1)
    .split('/')[0]!
    .replace(/\.ts$/, '');

function standing({ name, home, path }: SourceFile): Finding {
  const room = roomOf(home, path);
  return {
    ...{ who: name, what: room, at: path },
    why: `the room ${room} of ${name} is on no floor of tools/checks/layers.ts: give it one, and a row in ARCHITECTURE.md`,
  };
}

function upwards(
  { name, home, path, imports }: SourceFile,
  floors: readonly (readonly string[])[],
): Finding[] {
  const floorOf = (room: string): number => floors.findIndex(rooms => rooms.includes(room));
  const from = roomOf(home, path);
  return imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, line }) => ({ target: join(dirname(path), specifier), line }))
    .filter(({ target }) => target.startsWith(`${home}/`))
    .map(({ target, line }) => ({ to: roomOf(home, target), line }))
    .filter(({ to }) => to !== from && floorOf(to) <= floorOf(from))
    .map(({ to, line }) => ({
      ...{ who: name, what: `${from} > ${to}`, at: `${path}:${line}` },
      why: `${from} may not import ${to}, which is not below it: move what both need to a room below`,
    }));
}
