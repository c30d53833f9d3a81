import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pagesIn, referencePages, staleness } from './pages.ts';

// Writes the reference. With --check it only reports stale pages.

const root = join(import.meta.dirname, '../..');
const made = await referencePages();
const found = pagesIn(root);
if (process.argv.includes('--check')) {
  const stale = staleness(made, found);
  for (const each of stale) process.stderr.write(`${each}\n`);
  if (stale.length > 0) process.exitCode = 1;
  else process.stdout.write(`${made.size} files of the reference match the code\n`);
} else {
  for (const path of found.keys()) if (!made.has(path)) rmSync(join(root, path));
  for (const [path, text] of made) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
