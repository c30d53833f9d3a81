import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSource, type Source } from './source.ts';

export interface SourceFile extends Source {
  readonly text: string;
  /** From the root of the project. */
  readonly path: string;
  /** The package; or `lab` or `tools`. */
  readonly name: string;
  /** The folder whose folders are rooms: `packages/NAME/src`, `lab`, `tools`. */
  readonly home: string;
  /** A test or a helper of tests, which is not part of the program. */
  readonly isTest: boolean;
}

export interface Manifest {
  readonly name?: string;
  readonly exports?: string | Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A package in npm's lockfile: one of ours with its declarations, or an installed one. */
export interface LockedPackage {
  /** SPDX, as the package declares it. */
  readonly license?: string;
  readonly resolved?: string;
  /** One of ours. */
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Project {
  readonly files: readonly SourceFile[];
  /** By the package's name. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** By the package's folder. */
  readonly locked: ReadonlyMap<string, LockedPackage>;
  /** The text of each document, by its path from the root. */
  readonly documents: ReadonlyMap<string, string>;
  /** The text of each C# file of the PowerShell module, by its path from the root. */
  readonly module: ReadonlyMap<string, string>;
  /** Every file and folder, from the root. */
  readonly paths: ReadonlySet<string>;
}

/** The scope of our packages in an import. */
export const SCOPE = '@causeway/';

const SOURCE = /^(?:packages\/(?<package>[^/]+)\/src|(?<folder>lab|tools))\/.+\.ts$/;
const MANIFEST = /^(?:packages\/(?<package>[^/]+)|(?<folder>lab|tools))\/package\.json$/;
const MODULE = /^powershell\/ADSync\/.+\.cs$/;

const LOCKFILE = 'package-lock.json';
/** Files that we did not write. */
const EXCLUDED = ['**/node_modules', '**/.git', '**/{bin,obj}'];

/** The sources, manifests and documents under `root`. */
export function readProject(root: string): Project {
  const paths = globSync('**/*', { cwd: root, exclude: EXCLUDED }).sort();
  const read = paths.filter(
    path =>
      [SOURCE, MANIFEST, MODULE].some(one => one.test(path)) || path === LOCKFILE || path.endsWith('.md'),
  );
  const files = Object.fromEntries(read.map(path => [path, readFileSync(join(root, path), 'utf8')]));
  return { ...projectOf(files), paths: new Set(paths) };
}

/** @param files each path with its text */
export function projectOf(files: Readonly<Record<string, string>>): Project {
  const manifests = new Map<string, Manifest>();
  const lockfile = JSON.parse(files[LOCKFILE] ?? '{}') as { packages?: Record<string, LockedPackage> };
  const documents = new Map(Object.entries(files).filter(([path]) => path.endsWith('.md')));
  const module = new Map(Object.entries(files).filter(([path]) => MODULE.test(path)));
  const paths = new Set(Object.keys(files).flatMap(withFolders));
  const sources: SourceFile[] = [];
  for (const [path, text] of Object.entries(files)) {
    const manifest = MANIFEST.exec(path)?.groups;
    if (manifest) manifests.set((manifest.package ?? manifest.folder)!, JSON.parse(text) as Manifest);
    const source = SOURCE.exec(path)?.groups;
    if (source === undefined) continue;
    sources.push({
      ...readSource(text),
      text,
      path,
      name: (source.package ?? source.folder)!,
      home: source.package === undefined ? source.folder! : `packages/${source.package}/src`,
      isTest: path.endsWith('.test.ts') || path.includes('/testing/'),
    });
  }
  return {
    files: sources,
    manifests,
    locked: new Map(Object.entries(lockfile.packages ?? {})),
    documents,
    module,
    paths,
  };
}

/** A path, and each folder above it. */
const withFolders = (path: string): string[] => {
  const folder = dirname(path);
  return folder === '.' ? [path] : [path, ...withFolders(folder)];
};

export const isPackage = (file: SourceFile): boolean => file.home.startsWith('packages/');

/** The line of an offset in a file's code. */
export const lineOf = (file: SourceFile, offset: number): number =>
  file.code.slice(0, offset).split('\n').length;

/** `@causeway/wire` of `@causeway/wire/testing`. */
export const dependencyOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
