import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSource, type Source } from './source.ts';

export interface SourceFile extends Source {
  readonly text: string;
  /** From the root of the project. */
  readonly path: string;
  /** The package; or `lab` or `tools`. */
  readonly name: string;
  /** The folder whose folders are rooms: `packages/NAME/src`, `lab`, `tools`. */
  readonly home: string;
  /** A test, or what helps tests: not part of the program. */
  readonly isTest: boolean;
}

export interface Manifest {
  readonly name?: string;
  readonly exports?: string | Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Project {
  readonly files: readonly SourceFile[];
  /** By the package's name. */
  readonly manifests: ReadonlyMap<string, Manifest>;
}

/** What a package of ours is called in an import. */
export const SCOPE = '@causeway/';

const SOURCE = /^(?:packages\/(?<package>[^/]+)\/src|(?<folder>lab|tools))\/.+\.ts$/;
const MANIFEST = /^(?:packages\/)?(?<name>[^/]+)\/package\.json$/;

/** The sources and manifests under `root`. */
export function readProject(root: string): Project {
  const patterns = ['packages/*/src/**/*.ts', '{lab,tools}/**/*.ts', '{packages/*,lab,tools}/package.json'];
  const paths = globSync(patterns, { cwd: root, exclude: ['**/node_modules'] }).sort();
  return projectOf(Object.fromEntries(paths.map(path => [path, readFileSync(join(root, path), 'utf8')])));
}

/** @param files each path with its text */
export function projectOf(files: Readonly<Record<string, string>>): Project {
  const manifests = new Map<string, Manifest>();
  const sources: SourceFile[] = [];
  for (const [path, text] of Object.entries(files)) {
    const { name } = MANIFEST.exec(path)?.groups ?? {};
    if (name !== undefined) manifests.set(name, JSON.parse(text) as Manifest);
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
  return { files: sources, manifests };
}

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
