import { dirname, join } from 'node:path';
import type { Rule } from '../rule.ts';

export const CIRCLES: Rule = {
  name: 'circles',
  says: 'No files import each other in a circle, types, tests and `lab` too.',
  permissions: [],
  find: ({ files }) => {
    const targets = new Map(
      files.map(({ path, imports }) => [
        path,
        imports
          .filter(({ specifier }) => specifier.startsWith('.'))
          .map(({ specifier }) => join(dirname(path), specifier)),
      ]),
    );
    return circlesOf(targets).map(circle => ({
      who: circle[0]!,
      at: circle[0]!,
      why: `${circle.join(' > ')} is a circle: move what two of them need to a file of its own`,
    }));
  },
};

/** Each circle once, from its first file back to it. */
function circlesOf(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const to of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return circles;
}
