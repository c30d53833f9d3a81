import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { testFiles } from './test-files.ts';
import { gathered, runTests } from './test-run.ts';

// `npm test`: the tests that need nothing but Node. For all tests run ./causeway test
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' } },
});
if (positionals.length > 1 || (positionals[0] ?? 'unit') !== 'unit') {
  process.stderr.write('usage: node lab/run/run-tests.ts [unit] [--only PART-OF-PATH]\n');
  process.exit(2);
}
// Keeps compiled code beside the packages, as the launcher does for every command.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../node_modules/.cache/node');
const files = testFiles('unit', values.only);
if (!(await runTests([gathered(files, availableParallelism())]))) process.exitCode = 1;
