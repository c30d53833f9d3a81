import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { labDown, labUp } from '../domains/lifecycle.ts';
import { seedDomain, TEST_USERS } from '../domains/seed.ts';
import { labPath } from '../domains/state.ts';
import { DOMAINS } from '../domains/table.ts';
import { startPostgres } from './postgres.ts';

/** A lane of end-to-end tests. */
export interface Lane {
  /** The first uses the machine's own network and the lab that runs already. Any other makes its own. */
  readonly number: number;
  /** The folder in which lanes mark what they have taken. */
  readonly queue: string;
  /** The files that it may take. */
  readonly files: readonly string[];
}

/** No file takes longer. One that hangs is reported by name. */
const FILE_LIMIT_MS = 13 * 60_000;

/** Set in a process that has a network of its own already. */
const INSIDE = 'CAUSEWAY_TEST_LANE';

let current: ChildProcess | undefined;
let stopped = false;
// The terminal's interrupt reaches the test by itself.
process.on('SIGINT', () => {
  stopped = true;
});
process.on('SIGTERM', () => {
  stopped = true;
  current?.kill('SIGTERM');
});

/**
 * Prepares a lane's lab and runs its files, one at a time. The test runner's reports pass through standard output.
 * @public by a script that `test-run.ts` writes
 */
export async function runLane(lane: Lane): Promise<void> {
  const passed = await (lane.number === 1 ? runFiles(lane) : apart(lane));
  if (!passed) process.exitCode = 1;
}

async function apart(lane: Lane): Promise<boolean> {
  if (process.env[INSIDE] === undefined) {
    const env = {
      ...process.env,
      [INSIDE]: String(lane.number),
      CAUSEWAY_LAB_DIR: labPath(`lane-${lane.number}`),
    };
    return run('unshare', ['--net', process.execPath, ...process.execArgv, process.argv[1]!], env);
  }
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  await labDown(); // a killed run's domains would be in a network that nobody reaches
  const database = await startPostgres();
  try {
    await labUp();
    await seedDomain(DOMAINS.onprem, { users: TEST_USERS, report: () => {} });
    process.env.DATABASE_URL = database.url;
    return await runFiles(lane);
  } finally {
    await database.stop();
    await labDown();
  }
}

async function runFiles({ queue, files }: Lane): Promise<boolean> {
  let passed = true;
  for (const file of files) {
    if (stopped) return false;
    if (!take(queue, file)) continue;
    passed = (await run(process.execPath, [...process.execArgv, file])) && passed;
  }
  return passed;
}

/** Takes a file, unless another lane did before. */
function take(queue: string, file: string): boolean {
  try {
    mkdirSync(join(queue, encodeURIComponent(file)));
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function run(command: string, args: readonly string[], env = process.env): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'inherit' });
    current = child;
    const isFile = command === process.execPath;
    const limit = setTimeout(
      () => {
        process.stderr.write(
          `${relative('', args.at(-1)!)} did not end within ${FILE_LIMIT_MS / 60_000} min\n`,
        );
        child.kill('SIGTERM');
      },
      isFile ? FILE_LIMIT_MS : 2 ** 31 - 1,
    );
    child.on('error', reject);
    child.on('close', code => {
      clearTimeout(limit);
      current = undefined;
      resolve(code === 0);
    });
  });
}
