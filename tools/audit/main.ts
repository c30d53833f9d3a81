import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { judgeAudit } from './judge-audit.ts';

// Asks the registry for known vulnerabilities of the dependencies. Not part of `npm run check`, which needs no network.

const { stdout, error } = spawnSync('npm', ['audit', '--json'], {
  cwd: join(import.meta.dirname, '../..'),
  encoding: 'utf8',
});
const { lines, vulnerable } = judgeAudit(error ? JSON.stringify({ message: error.message }) : stdout);
process.stdout.write(`${lines.join('\n')}\n`);
if (vulnerable) process.exitCode = 1;
