import { LAYERS } from '../layers.ts';
import { dependencyOf, isPackage, SCOPE } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';

/** A package needs a row, and may import what its row lists. `who` and `what` are names of packages. */
export const PACKAGES: Rule = {
  name: 'packages',
  says: 'A package imports only the packages that its row names, types and tests too.',
  permissions: Object.entries(LAYERS).flatMap(([who, imported]) => [
    { who, because: 'it has a row' },
    ...imported.map(what => ({ who, what, because: 'its row names it' })),
  ]),
  find: ({ files }) =>
    files.filter(isPackage).flatMap(file => {
      const { name: who, path } = file;
      const why = `the package ${who} has no row in tools/checks/layers.ts and ARCHITECTURE.md: give it one`;
      const arrows = file.imports
        .map(({ specifier, line }) => ({ dependency: dependencyOf(specifier), line }))
        .filter(({ dependency }) => dependency.startsWith(SCOPE) && dependency !== SCOPE + who)
        .map(({ dependency, line }): Finding => {
          const what = dependency.slice(SCOPE.length);
          return { who, what, at: `${path}:${line}`, why: `${who} may not import ${dependency}` };
        });
      return [{ who, at: path, why }, ...arrows];
    }),
};
