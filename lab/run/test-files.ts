import { globSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * `unit` needs nothing but Node, `postgres` a server in DATABASE_URL, `dotnet` the .NET SDK, `e2e` the lab. Tests that take minutes are
 * `model` if they need only that server, and `long` if they make domains of their own. The file's name says which.
 */
export const TEST_KINDS = ['unit', 'postgres', 'model', 'dotnet', 'e2e', 'long'] as const;
export type TestKind = (typeof TEST_KINDS)[number];

const PATTERNS: Record<TestKind, string[]> = {
  unit: ['{packages/*/src,tools}/**/*.test.ts', 'lab/**/*.unit.test.ts'],
  postgres: ['packages/*/src/**/*.pg.test.ts', 'lab/**/*.pg.test.ts'],
  dotnet: ['packages/*/src/**/*.dotnet.test.ts', 'lab/**/*.dotnet.test.ts'],
  e2e: ['lab/e2e/**/*.test.ts'],
  model: ['lab/model/*.long.test.ts'],
  long: ['lab/**/*.long.test.ts'],
};

/** Files in the lab's own folder of end-to-end tests need the lab, whatever else they need. */
const isEndToEnd = (file: string): boolean => file.startsWith(join('lab', 'e2e'));

function kindOf(file: string): TestKind {
  if (file.endsWith('.pg.test.ts')) return 'postgres';
  if (file.endsWith('.unit.test.ts')) return 'unit';
  if (file.endsWith('.long.test.ts')) return file.startsWith(join('lab', 'model')) ? 'model' : 'long';
  if (isEndToEnd(file)) return 'e2e';
  return file.endsWith('.dotnet.test.ts') ? 'dotnet' : 'unit';
}

/** Whether it takes minutes. */
export const isLong = (kind: TestKind): boolean => kind === 'model' || kind === 'long';

/** Whether a file needs a machine with a .NET SDK. */
export const needsDotnet = (file: string): boolean => file.endsWith('.dotnet.test.ts');

/** @param only a part of the file's path */
export function testFiles(kind: TestKind, only = ''): string[] {
  return globSync(PATTERNS[kind], { cwd: ROOT })
    .filter(file => kindOf(file) === kind && file.includes(only))
    .sort()
    .map(file => join(ROOT, file));
}
