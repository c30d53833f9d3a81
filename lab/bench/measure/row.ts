import { median, percentile } from './numbers.ts';

/** What a limit applies to: the value itself, or its ratio to the yardstick. */
export interface Budget {
  readonly of: 'value' | 'ratio';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One measured thing. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, in words. */
  readonly against?: string;
  /** The yardstick's own value in the same unit, from the same run where it can be measured. */
  readonly yardstick?: number;
  readonly budget?: Budget;
}

/** The median for information, and the 95th percentile with its budget. */
export function percentiles(
  name: string,
  valuesMs: readonly number[],
  budgetMs: number,
  against: Pick<Measurement, 'against' | 'yardstick'>,
): Measurement[] {
  const common = { unit: 'ms', ...against };
  return [
    { name: `${name}, p50`, value: median(valuesMs), ...common },
    {
      name: `${name}, p95`,
      value: percentile(valuesMs, 0.95),
      ...common,
      budget: { of: 'value', atMost: budgetMs },
    },
  ];
}

const CLOSE = 0.05;

/** A line of `--json`. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string | null;
  readonly yardstick: number | null;
  readonly ratio: number | null;
  readonly budget: string | null;
  readonly holds: boolean | null;
}

export function judge({ name, value, unit, against, yardstick, budget }: Measurement): Row {
  const ratio = yardstick === undefined ? undefined : value / yardstick;
  return {
    name,
    value: round(value),
    unit,
    against: against ?? null,
    yardstick: yardstick === undefined ? null : round(yardstick),
    ratio: ratio === undefined ? null : round(ratio),
    budget: budget ? describeBudget(budget, unit) : null,
    holds: budget ? holds(budget, value, ratio) : null,
  };
}

/** Whether a measurement is so close to its limit that one run cannot decide. */
export function isClose({ value, yardstick, budget }: Measurement): boolean {
  if (!budget) return false;
  const measured = budget.of === 'value' ? value : value / (yardstick ?? Number.NaN);
  const limit = budget.atLeast ?? budget.atMost ?? Number.NaN;
  return Math.abs(measured / limit - 1) <= CLOSE;
}

function holds({ of, atLeast, atMost }: Budget, value: number, ratio: number | undefined): boolean {
  const measured = of === 'value' ? value : ratio;
  if (measured === undefined) throw new Error('a budget of a ratio needs a yardstick');
  return (atLeast === undefined || measured >= atLeast) && (atMost === undefined || measured <= atMost);
}

function describeBudget({ of, atLeast, atMost }: Budget, unit: string): string {
  const limit = atLeast === undefined ? `at most ${round(atMost!)}` : `at least ${round(atLeast)}`;
  return of === 'value' ? `${limit} ${unit}` : `${limit} times`;
}

/** Rounds to three significant digits. */
const round = (value: number): number => Number(value.toPrecision(value >= 1000 ? 4 : 3));

export function printTable(rows: readonly Row[]): string {
  const cells = rows.map(row => [
    row.name,
    `${row.value} ${row.unit}`,
    row.yardstick === null ? '' : `${row.yardstick} ${row.unit}`,
    row.ratio === null ? '' : `${row.ratio}`,
    row.budget ?? '',
    row.holds === null ? '' : row.holds ? 'holds' : 'DOES NOT HOLD',
    row.against ?? '',
  ]);
  const all = [['what', 'measured', 'yardstick', 'ratio', 'budget', '', 'against'], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map(line => line[column]!.length)));
  return all
    .map(line =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
