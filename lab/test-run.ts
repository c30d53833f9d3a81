import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';

/** Test files that run together, at most `concurrency` at once. */
export interface TestPhase {
  files: string[];
  concurrency: number;
}

const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'] as const;
const COUNT_LINE = new RegExp(`^(${COUNTS.join('|')}) ([\\d.]+)$`);

/** No test takes longer than this; one that hangs is told by its name. */
const TEST_LIMIT_MS = 13 * 60_000;

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
  phases: TestPhase[],
  { signal, remarks = [] }: RunOptions = {},
): Promise<boolean> {
  const sums = new Map<string, number>();
  async function* events(): AsyncGenerator<TestEvent> {
    for (const { files, concurrency } of phases) {
      if (files.length === 0 || signal?.aborted) continue;
      const stream = run({ files, concurrency, timeout: TEST_LIMIT_MS, ...(signal ? { signal } : {}) });
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
