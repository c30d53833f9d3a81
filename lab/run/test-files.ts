import { globSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * `unit` needs nothing but Node, `postgres` a server that DATABASE_URL names, `dotnet` the .NET SDK, `e2e` the lab; what takes minutes is
 * `model` where it needs such a server alone, and `long` where it makes domains of its own. The name of a test file says which it is.
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

/** What the lab's own folder of end-to-end tests holds needs the lab, whatever else it needs. */
const isEndToEnd = (file: string): boolean => file.startsWith(join('lab', 'e2e'));

function kindOf(file: string): TestKind {
  if (file.endsWith('.pg.test.ts')) return 'postgres';
  if (file.endsWith('.unit.test.ts')) return 'unit';
  if (file.endsWith('.long.test.ts')) return file.startsWith(join('lab', 'model')) ? 'model' : 'long';
  if (isEndToEnd(file)) return 'e2e';
  return file.endsWith('.dotnet.test.ts') ? 'dotnet' : 'unit';
}

/** What takes minutes. */
export const isLong = (kind: TestKind): boolean => kind === 'model' || kind === 'long';

/** Whether a file can run on a machine with a .NET SDK alone. */
export const needsDotnet = (file: string): boolean => file.endsWith('.dotnet.test.ts');

/** @param only a part of the file's path */
export function testFiles(kind: TestKind, only = ''): string[] {
  return globSync(PATTERNS[kind], { cwd: ROOT })
    .filter(file => kindOf(file) === kind && file.includes(only))
    .sort()
    .map(file => join(ROOT, file));
}
