import { availableParallelism, cpus, loadavg } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { BENCHMARKS, type BenchmarkName, Benchmarks, PEOPLE } from './benchmarks.ts';
import { Ground } from './ground.ts';
import { isClose, judge, type Measurement, printTable, type Row } from './measure/row.ts';

/** At a load above this before the start, the numbers mean nothing. */
const BUSY = 0.5;

const started = performance.now();
const report = (step: string): void => {
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${step}\n`);
};

/** `npm run bench`: measures the budgets beside their yardsticks on real domains. */
async function bench(options: { json?: boolean; only?: BenchmarkName[]; people: number }): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error('the benchmarks need root: their domain controllers listen on ports below 1024');
  const names = BENCHMARKS.filter(name => options.only?.includes(name) ?? true);
  const load = loadavg()[0]!;
  if (load > BUSY) report(`this machine is busy (load ${load.toFixed(1)}): both sides suffer, and not alike`);
  const trial = options.people < LEAST_PEOPLE;
  const ground = await Ground.open(report, trial);
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => ground.close().finally(() => process.exit(1)));
  const rows: Row[] = [];
  try {
    const benchmarks = new Benchmarks(ground, options.people);
    await benchmarks.prepare(names);
    const show = (measured: readonly Measurement[]): void => {
      for (const row of measured.map(judge)) {
        rows.push(row);
        if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`);
      }
    };
    for (const name of names) {
      const measured = await benchmarks.run(name);
      // With so few people there is nothing to judge.
      show(trial ? measured.map(({ budget: _, ...row }) => row) : measured);
      if (trial || !measured.some(isClose)) continue;
      report(`${name} is close to a limit: once more`);
      const again = await benchmarks.again(name);
      show(again.map(row => ({ ...row, name: `${row.name}, once more` })));
    }
  } finally {
    await ground.close();
  }
  if (options.json) return;
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), Node ${process.version}, load ${load.toFixed(1)} before`;
  const people =
    options.people === PEOPLE
      ? ''
      : `, with ${options.people} people a forest: the budgets are for ${PEOPLE}`;
  process.stdout.write(`\n${printTable(rows)}\n\nmeasured on ${machine}${people}\n`);
}

/** Two forests of fewer people do not fill three pages of the managed domain's feed. Then it is a trial, which judges nothing. */
const LEAST_PEOPLE = 1100;
/** With fewer there are not enough people whose passwords to change. */
const LEAST_TRIAL = 100;

function numberOfPeople(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count >= LEAST_TRIAL) return count;
  throw new InvalidArgumentError(`a number from ${LEAST_TRIAL} to 999999 expected, got '${text}'`);
}

const program = new Command('bench')
  .description('measure the budgets beside their yardsticks, on domains of its own')
  .option('--json', 'print a line of JSON a row')
  .addOption(new Option('--only <name...>', 'only these').choices(BENCHMARKS))
  .addOption(
    new Option(
      '--people <n>',
      `people of each forest, to try the benchmarks themselves; the budgets are for the default, and below ${LEAST_PEOPLE} nothing is judged`,
    )
      .default(PEOPLE)
      .argParser(numberOfPeople),
  )
  .action(bench);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
