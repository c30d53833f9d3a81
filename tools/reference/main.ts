import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER, pagesIn, referencePages, staleness } from './pages.ts';

// Writes the reference; with --check it only says what is stale.

const folder = join(import.meta.dirname, '../..', FOLDER);
const made = await referencePages();
const found = pagesIn(folder);
if (process.argv.includes('--check')) {
  const stale = staleness(made, found);
  for (const each of stale) process.stderr.write(`${each}\n`);
  if (stale.length > 0) process.exitCode = 1;
  else process.stdout.write(`${made.size} pages of the reference match the code\n`);
} else {
  mkdirSync(folder, { recursive: true });
  for (const name of found.keys()) if (!made.has(name)) rmSync(join(folder, name));
  for (const [name, text] of made) writeFileSync(join(folder, name), text);
}
