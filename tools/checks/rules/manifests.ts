import { isBuiltin } from 'node:module';
import { dependencyOf, isPackage, type Manifest, type Project, type SourceFile } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';

/** `who` is a package, `what` is what it imports or declares. */
export const MANIFESTS: Rule = {
  name: 'manifests',
  says: '`package.json` declares what the sources beside it import, and nothing else; what tests alone import is a `devDependency`.',
  permissions: [],
  find: project => [...undeclared(project), ...unimported(project)],
};

const undeclared = ({ files, manifests }: Project): Finding[] =>
  files.flatMap(file => {
    const manifest = manifests.get(file.name);
    if (manifest === undefined) return [];
    return importedBy(file)
      .filter(({ dependency }) => !declaredFor(file, manifest).includes(dependency))
      .map(({ dependency, line }) => ({
        ...{ who: file.name, what: dependency, at: `${file.path}:${line}` },
        why: `${dependency} is imported, but package.json of ${file.name} does not declare it: add it there`,
      }));
  });

const importedBy = ({ imports }: SourceFile): { dependency: string; line: number }[] =>
  imports
    .map(({ specifier, line }) => ({ dependency: dependencyOf(specifier), line }))
    .filter(({ dependency }) => !dependency.startsWith('.') && !isBuiltin(dependency));

/** All of `lab` is for tests. A package may import itself. */
const declaredFor = (file: SourceFile, { name, dependencies, devDependencies }: Manifest): string[] => [
  ...(name === undefined ? [] : [name]),
  ...Object.keys({ ...dependencies, ...((file.isTest || !isPackage(file)) && devDependencies) }),
];

const unimported = ({ files, manifests }: Project): Finding[] =>
  [...manifests].flatMap(([who, { dependencies, devDependencies }]) => {
    const imported = files
      .filter(({ name }) => name === who)
      .flatMap(file => importedBy(file).map(({ dependency }) => dependency));
    return Object.keys({ ...dependencies, ...devDependencies })
      .filter(dependency => !imported.includes(dependency.replace(/^@types\//, '')))
      .map(what => ({
        ...{ who, what, at: `package.json of ${who}` },
        why: `${what} is declared, but no file of ${who} imports it: take it away`,
      }));
  });
