import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { checkFloors } from './check-floors.ts';
import { importsOf, withoutComments } from './imports.ts';
import { IMPURE, LAYERS, PURE, PURE_MODULES } from './layers.ts';

const SCOPE = '@causeway/';

/** Every breach of the layers between packages and of the floors within them under `root`, one sentence each, with file and line. */
export function checkLayers(root: string): string[] {
  const packages = readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name);
  const breaches = packages.flatMap(name => {
    const allowed = LAYERS[name];
    if (allowed === undefined) return [`packages/${name} is not in the table of lab/layers.ts`];
    return [...checkManifest(root, name, allowed), ...checkSources(root, name, allowed)];
  });
  return [...breaches, ...checkFloors(root)];
}

interface Manifest {
  exports?: string | Record<string, unknown>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

function readManifest(root: string, name: string): Manifest {
  const file = join(root, 'packages', name, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {};
}

function checkManifest(root: string, name: string, allowed: readonly string[]): string[] {
  const { dependencies, devDependencies } = readManifest(root, name);
  return Object.keys({ ...dependencies, ...devDependencies })
    .filter(dependency => dependency.startsWith(SCOPE) && !allowed.includes(dependency.slice(SCOPE.length)))
    .map(dependency => `packages/${name}/package.json: ${name} may not depend on ${dependency}`);
}

function checkSources(root: string, name: string, allowed: readonly string[]): string[] {
  const home = join(root, 'packages', name);
  const declared = Object.keys(readManifest(root, name).dependencies ?? {});
  return globSync('src/**/*.ts', { cwd: home }).flatMap(path => {
    const file = join(home, path);
    const source = withoutComments(readFileSync(file, 'utf8'));
    const isTest = path.endsWith('.test.ts') || path.startsWith('src/testing/');
    const found = importsOf(source).flatMap(({ specifier, line }) => {
      const why = whyNot(specifier, { root, name, allowed, declared, isTest, file, home });
      return why === undefined ? [] : [{ line, why }];
    });
    if (PURE.includes(name) && !isTest) found.push(...impurities(source, name));
    return found.map(({ line, why }) => `${relative(root, file)}:${line}: ${why}`);
  });
}

interface Importer {
  root: string;
  name: string;
  allowed: readonly string[];
  declared: string[];
  isTest: boolean;
  file: string;
  home: string;
}

function whyNot(specifier: string, from: Importer): string | undefined {
  if (specifier.startsWith('.')) {
    const target = resolve(dirname(from.file), specifier);
    return target.startsWith(`${from.home}/`)
      ? undefined
      : `${specifier} leaves the package; import its public names`;
  }
  if (specifier.startsWith('node:')) {
    if (!PURE.includes(from.name) || from.isTest || PURE_MODULES.includes(specifier)) return undefined;
    return `${from.name} does no I/O, and may not import ${specifier}`;
  }
  const dependency = packageOf(specifier);
  if (dependency.startsWith(SCOPE)) {
    const target = dependency.slice(SCOPE.length);
    if (specifier !== dependency && !isExported(from, target, specifier.slice(dependency.length)))
      return `${specifier} reaches into a package; import its public names`;
    if (target !== from.name && !from.allowed.includes(target))
      return `${from.name} may not import ${dependency}`;
  }
  if (from.isTest || from.declared.includes(dependency)) return undefined;
  return `${dependency} is not among the dependencies of packages/${from.name}/package.json`;
}

/** A package may have a second entry, for example its helpers for tests, which tests alone may import. */
function isExported(from: Importer, target: string, subpath: string): boolean {
  const { exports } = readManifest(from.root, target);
  if (typeof exports !== 'object' || !(`.${subpath}` in exports)) return false;
  return from.isTest || subpath !== '/testing';
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function impurities(source: string, name: string): { line: number; why: string }[] {
  return source.split('\n').flatMap((text, index) =>
    IMPURE.filter(({ pattern }) => pattern.test(text)).map(({ why, pattern }) => ({
      line: index + 1,
      why: `${name} is pure, but this ${why}: ${pattern.exec(text)?.[0]}`,
    })),
  );
}

if (import.meta.main) {
  const breaches = checkLayers(join(import.meta.dirname, '..'));
  for (const breach of breaches) process.stderr.write(`${breach}\n`);
  process.stdout.write(
    breaches.length === 0 ? 'layers hold\n' : `${breaches.length} breaches of the layers\n`,
  );
  if (breaches.length > 0) process.exitCode = 1;
}
