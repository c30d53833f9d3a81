import { globSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/**
 * `unit` needs nothing but Node, `postgres` a server that DATABASE_URL names, `e2e` the lab.
 * The name of a test file says which it is.
 */
export type TestKind = 'unit' | 'postgres' | 'e2e';

const PATTERNS: Record<TestKind, string[]> = {
  unit: ['packages/*/src/**/*.test.ts', 'lab/**/*.unit.test.ts'],
  postgres: ['packages/*/src/**/*.pg.test.ts', 'lab/**/*.pg.test.ts'],
  e2e: ['lab/e2e/**/*.test.ts'],
};

/** @param only a part of the file's path */
export function testFiles(kind: TestKind, only = ''): string[] {
  const belongs = (file: string) =>
    file.endsWith('.pg.test.ts')
      ? kind === 'postgres'
      : file.endsWith('.unit.test.ts')
        ? kind === 'unit'
        : true;
  return globSync(PATTERNS[kind], { cwd: ROOT })
    .filter(file => belongs(file) && file.includes(only))
    .sort()
    .map(file => join(ROOT, file));
}
