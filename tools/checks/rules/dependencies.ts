import type { LockedPackage } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';

const FREE = 'it may be used, changed and passed on, with a notice at most';

/** A licence as the package names it (SPDX). */
const LICENCES = ['MIT', 'ISC', 'BSD-3-Clause', '0BSD', 'Apache-2.0', 'MIT OR Apache-2.0'];

const PINNED = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const FOLDER = /^.*\bnode_modules\//;

export const DEPENDENCIES: Rule = {
  name: 'dependencies',
  says: 'A dependency has a licence that `tools/checks/rules/dependencies.ts` allows, and is pinned; the lockfile carries no addresses.',
  permissions: LICENCES.map(what => ({ who: '**', what, because: FREE })),
  find: ({ locked }) =>
    [...locked].flatMap(([path, each]) =>
      FOLDER.test(path) ? [...licence(path, each), ...address(path, each)] : loose(path, each),
    ),
};

function licence(path: string, { license, link }: LockedPackage): Finding[] {
  if (link) return [];
  const what = license ?? 'no licence';
  const who = path.replace(FOLDER, '');
  const why = `${what} is no licence that dependencies may have: take another one, or see that it is free enough and add it to tools/checks/rules/dependencies.ts`;
  return [{ who, what, at: `package-lock.json: ${path}`, why }];
}

function address(path: string, { resolved, link }: LockedPackage): Finding[] {
  if (link || resolved === undefined) return [];
  const why = `it is fetched from ${resolved}: only packages of the registry, without its address`;
  return [{ who: path, at: `package-lock.json: ${path}`, why }];
}

function loose(path: string, manifest: LockedPackage): Finding[] {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !PINNED.test(version))
    .map(([name, version]) => ({
      ...{ who: path, at: `package.json of ${path || 'the project'}` },
      why: `${name} may be any of ${version}: pin it to one version`,
    }));
}
