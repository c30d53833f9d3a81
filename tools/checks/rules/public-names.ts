import { dirname, join } from 'node:path';
import { dependencyOf, isPackage, type Project, SCOPE, type SourceFile } from '../project.ts';
import type { Rule } from '../rule.ts';

export const PUBLIC_NAMES: Rule = {
  name: 'public-names',
  says: 'Nobody reaches past the public names of a package, `lab` neither; its `/testing` is for tests and `lab` alone.',
  permissions: [],
  find: project =>
    project.files.flatMap(file =>
      file.imports.flatMap(({ specifier, line }) => {
        const why = whyNot(project, file, specifier);
        return why === undefined ? [] : [{ who: file.path, at: `${file.path}:${line}`, why }];
      }),
    ),
};

function whyNot({ manifests }: Project, file: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = join(dirname(file.path), specifier);
    if (target.startsWith(`${file.home}/`) || !target.startsWith('packages/')) return undefined;
    if (isPackage(file) && target === join(file.home, '../package.json')) return undefined;
    return `${specifier} leaves ${file.home}: import public names of the package, or let its /testing export them`;
  }
  const dependency = dependencyOf(specifier);
  if (!dependency.startsWith(SCOPE) || specifier === dependency) return undefined;
  const entry = `.${specifier.slice(dependency.length)}`;
  const { exports } = manifests.get(dependency.slice(SCOPE.length)) ?? {};
  if (typeof exports !== 'object' || !(entry in exports))
    return `${specifier} reaches into a package: import its public names`;
  if (entry === './testing' && isPackage(file) && !file.isTest)
    return `${specifier} is for tests: what the program needs is a public name of ${dependency}`;
  return undefined;
}
