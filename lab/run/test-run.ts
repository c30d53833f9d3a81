import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import type { Lane } from './test-lane.ts';

/** Test files that run together, at most `concurrency` at once. */
export interface TestPhase {
  readonly files: readonly string[];
  readonly concurrency: number;
  /** How long one test may take, and a process of tests; `TEST_LIMIT_MS` when absent. */
  readonly limitMs?: number;
  /** Where their temporary files go; the system's own folder when absent. */
  readonly temporary?: string | undefined;
}

const ROOT = join(import.meta.dirname, '../..');
const LANE = join(import.meta.dirname, 'test-lane.ts');

/** A folder that is there as long as this process is. */
function ownFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'causeway-tests-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** For modules of our own making, which tell a phase's processes what to run, and for what lanes tell each other. */
let made: string | undefined;
function madeFolder(): string {
  made ??= ownFolder(tmpdir());
  return made;
}

const MEMORY = '/dev/shm';
/** Ten times what the tests that need no lab were seen to take. */
const MEMORY_NEEDED = 256 * 1024 * 1024;

/** A folder in memory, where there is one: a third of the time of small tests is waiting for the disk of their databases. */
function folderInMemory(): string | undefined {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < MEMORY_NEEDED) return undefined;
    const folder = ownFolder(MEMORY);
    // A PostgreSQL of a test runs as a user of its own, and its data lies within.
    chmodSync(folder, 0o711);
    return folder;
  } catch {
    return undefined;
  }
}

function make(name: string, source: string): string {
  const file = join(madeFolder(), name);
  writeFileSync(file, source);
  return file;
}

const urlOf = (file: string): string => JSON.stringify(pathToFileURL(file).href);

const SUITES = "import { suite } from 'node:test';";
/** A file's hooks are for its own tests alone. */
const suiteOf = (file: string): string =>
  `suite(${JSON.stringify(relative(ROOT, file))}, () => import(${urlOf(file)}));`;

/**
 * Test files that share a few processes: starting Node and loading what they have in common takes longer than most of them run.
 * Twice as many processes as cores, because some wait for a timer.
 */
export function gathered(files: readonly string[], cores: number): TestPhase {
  const processes = Math.min(files.length, cores * 2);
  const gatherings = Array.from({ length: processes }, (_, i) => {
    const own = files.filter((_, k) => k % processes === i);
    return make(`gathered-${i + 1}.mjs`, [SUITES, ...own.map(suiteOf)].join('\n'));
  });
  return {
    ...{ files: gatherings, concurrency: processes, temporary: folderInMemory() },
    limitMs: GATHERED_LIMIT_MS,
  };
}

/** Test files that keep a core busy for a while each: a process for each, and as many at once as there are cores. */
export function besideEachOther(files: readonly string[], cores: number): TestPhase {
  return { files, concurrency: cores, limitMs: GATHERED_LIMIT_MS };
}

/**
 * Test files that run in two lanes, each with a lab of its own: a lane takes the next file when it has done one. The second lane
 * has a network of its own, too, so both have the same addresses; what needs the world outside runs in the first.
 */
export function laned(files: readonly string[], needsWorld: (file: string) => boolean): TestPhase {
  if (files.length === 0) return { files, concurrency: 1 };
  const queue = join(madeFolder(), 'taken');
  mkdirSync(queue);
  const anywhere = files.filter(file => !needsWorld(file));
  // Those first that only the first can take: at the end both have something to do.
  const first = [...files.filter(needsWorld), ...anywhere];
  const own = files.length > 1 && anywhere.length > 0 ? [first, anywhere] : [first];
  const lanes = own.map((files, i) => {
    const lane: Lane = { number: i + 1, queue, files };
    const call = `await runLane(${JSON.stringify(lane)});\n`;
    return make(`lane-${lane.number}.mjs`, `import { runLane } from ${urlOf(LANE)};\n${call}`);
  });
  return {
    files: files.length > 0 ? lanes : [],
    concurrency: lanes.length,
    limitMs: Number.POSITIVE_INFINITY,
  };
}

const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'] as const;
const COUNT_LINE = new RegExp(`^(${COUNTS.join('|')}) ([\\d.]+)$`);

/** No test takes longer than this; one that hangs is told by its name. */
const TEST_LIMIT_MS = 5 * 60_000;

/** Of a process with many files or histories: it takes two minutes, and three times as long where something else runs on the machine. */
const GATHERED_LIMIT_MS = 10 * 60_000;

/** What a process has beyond its tests' limit to end by itself: one whose test hangs may never do so. */
const END_MS = 60_000;

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Lines that are printed above the closing counts: what did not run, for example. */
  readonly remarks?: readonly string[];
}

/**
 * Runs phases one after the other with Node's own runner and reports them as one run, in the runner's own words.
 * Its closing lines (`ℹ tests 5` …) are summed over the phases and printed last, below the failures.
 *
 * @returns whether every test passed
 */
export async function runTests(
  phases: readonly TestPhase[],
  { signal, remarks = [] }: RunOptions = {},
): Promise<boolean> {
  const sums = new Map<string, number>();
  async function* events(): AsyncGenerator<TestEvent> {
    for (const { files, concurrency, limitMs: timeout = TEST_LIMIT_MS, temporary } of phases) {
      if (files.length === 0 || signal?.aborted) continue;
      const ends = [
        signal ?? [],
        Number.isFinite(timeout) ? AbortSignal.timeout(timeout + END_MS) : [],
      ].flat();
      const stream = run({
        files: [...files],
        concurrency,
        timeout,
        ...(temporary === undefined ? {} : { env: { ...process.env, TMPDIR: temporary } }),
        signal: AbortSignal.any(ends),
      });
      for await (const event of stream as AsyncIterable<TestEvent>) {
        const count = countOf(event);
        if (count) sums.set(count.name, (sums.get(count.name) ?? 0) + count.value);
        else yield event;
      }
    }
  }
  const report = Readable.from(events()).pipe(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
  for (const remark of remarks) process.stdout.write(`${remark}\n`);
  for (const name of COUNTS) process.stdout.write(`ℹ ${name} ${sums.get(name) ?? 0}\n`);
  const bad = (sums.get('fail') ?? 0) + (sums.get('cancelled') ?? 0);
  return bad === 0 && !signal?.aborted;
}

/** The runner tells its totals as diagnostics of its own, without a file. */
function countOf(event: TestEvent): { name: string; value: number } | undefined {
  if (event.type !== 'test:diagnostic' || event.data.nesting !== 0 || event.data.file !== undefined)
    return undefined;
  const [, name, value] = COUNT_LINE.exec(event.data.message) ?? [];
  return name === undefined ? undefined : { name, value: Number(value) };
}
