import type { RunDetails, RunResult } from '@causeway/contract';
import { CausewayError, example, printResult, table } from '@causeway/service';
import { type Command, InvalidArgumentError } from 'commander';
import { askOrDo, type CommonOptions } from './at-hand.ts';

interface Options extends CommonOptions {
  connector?: string;
  profile?: string;
  since?: string;
  limit?: number;
}

/** `causeway connect runs` */
export function runsCommand(command: (name: string, description: string) => Command): void {
  command(
    'runs',
    'list what Connect did: imports, synchronizations, exports and password cycles, newest first; or show one of them',
  )
    .argument('[id]', 'a run: its counts, and the objects that had an error')
    .option('--connector <name>', "only runs of this connector, a forest's or the tenant's; case counts")
    .option('--profile <name>', "only runs of this kind: 'Delta Import', 'Export', …")
    .option(
      '--since <time>',
      'only runs that ended since then: 30m, 6h, 2d, or a time such as 2026-11-29T08:00:00Z',
    )
    .option('--limit <n>', 'at most this many (default: 100)', positive)
    .addHelpText(
      'after',
      example("causeway connect runs --since 6h --profile 'Delta Import'", 'causeway connect runs 4711'),
    )
    .action(showRuns);
}

async function showRuns(id: string | undefined, options: Options): Promise<void> {
  const { connector, profile, since, limit } = options;
  if (id !== undefined) {
    if ([connector, profile, since, limit].some(each => each !== undefined))
      throw new CausewayError('options-conflict', 'a run or options of the list expected, got both');
    const { result } = await askOrDo(options, 'getRun', { params: { id } });
    printResult(options.json, result, () => describeRun(result));
    return;
  }
  const query = {
    ...(connector !== undefined && { connector }),
    ...(profile !== undefined && { profile }),
    ...(since !== undefined && { since: sinceWhen(since, Date.now()) }),
    ...(limit !== undefined && { limit }),
  };
  const { result } = await askOrDo(options, 'listRuns', { query });
  printResult(options.json, result, () => describeRuns(result.runs));
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** @throws CausewayError 'bad-time' */
export function sinceWhen(text: string, now: number): string {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const at =
    amount === undefined ? Date.parse(text) : now - Number(amount) * UNITS[unit as keyof typeof UNITS];
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new CausewayError(
    'bad-time',
    `a time expected, as 30m, 6h, 2d or 2026-11-29T08:00:00Z; got '${text}'`,
  );
}

export function describeRuns(runs: readonly RunResult[]): string[] {
  if (runs.length === 0) return ['no runs'];
  const rows = runs.map(run => [
    ...[run.startDate, lasted(run), run.connectorName, run.runProfileName, run.result],
    ...[run.adds, run.updates, run.deletes, run.noChange, run.errors, run.looks].map(String),
    run.runHistoryId,
  ]);
  const head = [
    'started',
    'lasted',
    'connector',
    'profile',
    'result',
    'add',
    'upd',
    'del',
    'same',
    'err',
    'looks',
    'run',
  ];
  return table([head, ...rows]);
}

function lasted({ startDate, endDate }: RunResult): string {
  if (endDate === null) return '…';
  return `${((Date.parse(endDate) - Date.parse(startDate)) / 1000).toFixed(1)}s`;
}

export function describeRun({ run, objectErrors }: RunDetails): string[] {
  const { sourceConnector, connectorName } = run;
  const lines = table([
    ['run', `${run.runHistoryId} (number ${run.runNumber})`],
    [
      'connector',
      sourceConnector === connectorName ? connectorName : `${connectorName}, of ${sourceConnector}`,
    ],
    ['profile', run.runProfileName],
    ['result', `${run.result}${run.problem === null ? '' : `: ${run.problem}`}`],
    ['started', run.startDate],
    ['ended', run.endDate ?? 'it is under way'],
    ...(run.looks > 1 ? [['looks', `${run.looks}, none of which found anything to do`]] : []),
    [
      'counts',
      `${run.adds} adds, ${run.updates} updates, ${run.deletes} deletes, ${run.noChange} as before, ${run.errors} errors`,
    ],
  ]);
  const rows = objectErrors.map(({ distinguishedName, code, reason }) => [distinguishedName, code, reason]);
  const more = run.errors - objectErrors.length;
  return [...lines, ...table(rows).map(line => `  ${line}`), ...(more > 0 ? [`  and ${more} more`] : [])];
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('a number above 0 expected');
  return Number(text);
}
