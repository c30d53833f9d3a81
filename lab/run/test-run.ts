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

/** Test files that run together, up to `concurrency` at once. */
export interface TestPhase {
  readonly files: readonly string[];
  readonly concurrency: number;
  /** The limit for one test, and for a process of tests; `TEST_LIMIT_MS` when absent. */
  readonly limitMs?: number;
  /** The folder of their temporary files; the system's own when absent. */
  readonly temporary?: string | undefined;
}

const ROOT = join(import.meta.dirname, '../..');
const LANE = join(import.meta.dirname, 'test-lane.ts');

/** A folder that is removed when this process ends. */
function ownFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'causeway-tests-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** For generated modules that tell a phase's processes what to run, and for what lanes tell each other. */
let made: string | undefined;
function madeFolder(): string {
  made ??= ownFolder(tmpdir());
  return made;
}

const MEMORY = '/dev/shm';
/** Ten times what the tests without a lab needed. */
const MEMORY_NEEDED = 256 * 1024 * 1024;

/** A folder in memory, if there is one. Small tests spend a third of their time waiting for their databases' disk. */
function folderInMemory(): string | undefined {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < MEMORY_NEEDED) return undefined;
    const folder = ownFolder(MEMORY);
    // A test's PostgreSQL runs as a user of its own, and its data is in here.
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
/** Keeps a file's hooks to its own tests. */
const suiteOf = (file: string): string =>
  `suite(${JSON.stringify(relative(ROOT, file))}, () => import(${urlOf(file)}));`;

/**
 * Test files that share a few processes, because starting Node and loading common modules takes longer than most of them run. Twice as many
 * processes as cores, because some wait for a timer.
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

/** Test files that keep a core busy for a while. Each has its own process, and as many run at once as there are cores. */
export function besideEachOther(files: readonly string[], cores: number): TestPhase {
  return { files, concurrency: cores, limitMs: GATHERED_LIMIT_MS };
}

/**
 * Test files that run in two lanes, each with a lab of its own. A lane takes the next file when it has finished one. The second lane also
 * has its own network, so both can use the same addresses. Files that need the internet run in the first.
 */
export function laned(files: readonly string[], needsWorld: (file: string) => boolean): TestPhase {
  if (files.length === 0) return { files, concurrency: 1 };
  const queue = join(madeFolder(), 'taken');
  mkdirSync(queue);
  const anywhere = files.filter(file => !needsWorld(file));
  // The first lane begins with files that only it can take, so that both have work at the end.
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

/** No test takes longer. One that hangs is reported by name. */
const TEST_LIMIT_MS = 5 * 60_000;

/** For a process with many files or histories, which takes two minutes, or three times as long on a busy machine. */
const GATHERED_LIMIT_MS = 10 * 60_000;

/** How much longer than its tests' limit a process may take to end by itself. One whose test hangs may never end. */
const END_MS = 60_000;

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Lines above the closing counts, for example what did not run. */
  readonly remarks?: readonly string[];
}

/**
 * Runs phases one after the other with Node's own runner, and reports them as one run in the runner's format. Its closing lines (`ℹ tests
 * 5` …) are summed over the phases and printed last, below the failures.
 *
 * @returns whether all tests passed
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

/** The runner reports its totals as diagnostics without a file. */
function countOf(event: TestEvent): { name: string; value: number } | undefined {
  if (event.type !== 'test:diagnostic' || event.data.nesting !== 0 || event.data.file !== undefined)
    return undefined;
  const [, name, value] = COUNT_LINE.exec(event.data.message) ?? [];
  return name === undefined ? undefined : { name, value: Number(value) };
}
