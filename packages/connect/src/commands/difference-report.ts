import type { ComparedKind, ComparisonPage, Difference } from '@causeway/contract';
import { plainText, table } from '@causeway/service';

interface Count {
  /** Objects that were compared. */
  here: number;
  there: number;
  onlyHere: number;
  onlyThere: number;
  differ: number;
  /** How many of the three above wait for something known that will end them. */
  waiting: number;
}

/** What differs in a forest. */
export interface ForestReport {
  readonly forest: string;
  readonly counts: Readonly<Record<Difference['kind'], Count>>;
  /** People whose passwords were not compared. */
  unread: number;
  /** This Connect stages. */
  staging: boolean;
  /** Some of the differences that nothing known will end. */
  readonly open: Difference[];
  readonly waiting: Difference[];
}

const newCount = (): Count => ({ here: 0, there: 0, onlyHere: 0, onlyThere: 0, differ: 0, waiting: 0 });

export const newReport = (forest: string): ForestReport => ({
  forest,
  counts: { user: newCount(), password: newCount(), group: newCount(), membership: newCount() },
  unread: 0,
  staging: false,
  open: [],
  waiting: [],
});

const COUNTED = { 'only-here': 'onlyHere', 'only-there': 'onlyThere', differs: 'differ' } as const;

/** @param most how many differences to keep of those that wait, and of the others */
export function addPage(report: ForestReport, kind: ComparedKind, page: ComparisonPage, most: number): void {
  report.counts[kind].here += page.here;
  report.counts[kind].there += page.there;
  report.unread += page.unread;
  report.staging = page.staging ?? false;
  for (const difference of page.differences) {
    const count = report.counts[difference.kind];
    count[COUNTED[difference.what]] += 1;
    if (difference.waits !== null) count.waiting += 1;
    const list = difference.waits === null ? report.open : report.waiting;
    if (list.length < most) list.push(difference);
  }
}

const total = ({ onlyHere, onlyThere, differ }: Count): number => onlyHere + onlyThere + differ;

/** The sum over all kinds, by default of the differences. */
export function countAll({ counts }: ForestReport, of: (count: Count) => number = total): number {
  return Object.values(counts).reduce((sum, count) => sum + of(count), 0);
}

/** Differences that nothing known will end come first. */
export function reportJson(report: ForestReport) {
  const { forest, counts, unread, staging, open, waiting } = report;
  const differences = [...open, ...waiting];
  return {
    ...{ forest, counts, unread },
    ...(staging && { staging }),
    ...{ differences, omitted: countAll(report) - differences.length },
  };
}

const KINDS = [
  ['people', 'user'],
  ['passwords', 'password'],
  ['groups', 'group'],
  ['memberships', 'membership'],
] as const;

/** The report in words. */
export function describeReport(report: ForestReport): string[] {
  const { forest, counts, unread, staging, open, waiting } = report;
  const rows = KINDS.map(([words, kind]) => {
    const { here, there, onlyHere, onlyThere, differ, waiting: wait } = counts[kind];
    const compared = kind === 'password' ? ['', ''] : [String(here), String(there)];
    return [words, ...compared, ...[onlyHere, onlyThere, differ, wait].map(String)];
  });
  const heading = [
    '',
    'here',
    'at the tenant',
    'only here',
    'only there',
    'differ',
    staging ? 'would be sent' : 'of these waiting',
  ];
  const waits = countAll(report, count => count.waiting);
  const others = countAll(report) - waits;
  return [
    staging ? `${forest}: this Connect stages, and sends nothing` : forest,
    ...table([heading, ...rows]).map(line => `  ${line}`),
    ...(unread > 0
      ? [
          `  the passwords of ${unread} people were not compared: this Connect ${staging ? 'stages, and reads none' : 'has not read them yet'}`,
        ]
      : []),
    ...(others === 0 && waits === 0 ? ['  nothing differs'] : []),
    ...describeList(`${others} differences`, open, others),
    ...describeList(
      staging ? `${waits} differences that it would send` : `${waits} differences that wait`,
      waiting,
      waits,
    ),
    '',
  ];
}

function describeList(words: string, some: readonly Difference[], all: number): string[] {
  if (all === 0) return [];
  const more = all - some.length;
  return [
    `  ${words}:`,
    ...some.map(each => `    ${describeDifference(each)}`),
    ...(more > 0 ? [`    and ${more} more: --all shows them`] : []),
  ];
}

const SIDES = { 'only-here': 'only here', 'only-there': 'only at the tenant', differs: '' } as const;
const WAITS = {
  approval: 'waits for you',
  retry: 'is tried again',
  cycle: 'the next cycle is to do it',
  'on-its-way': 'on its way',
  staging: 'would be sent',
} as const;

function describeDifference({
  kind,
  name,
  sourceAnchor,
  what,
  attributes,
  waits,
  at,
  note,
}: Difference): string {
  const values = attributes.map(
    each => `${each.name} here ${describeValue(each.here)}, at the tenant ${describeValue(each.there)}`,
  );
  const why = [waits === null ? [] : `${WAITS[waits]}${at === null ? '' : ` at ${at}`}`, note ?? []].flat();
  const said = [values.length > 0 ? values : SIDES[what], ...(why.length > 0 ? [why.join(': ')] : [])].flat();
  // The tenant chooses the name, which must not add lines.
  return plainText(`${kind} ${name} (${sourceAnchor}): ${said.join('; ')}`).replaceAll('\n', ' ');
}

const describeValue = (value: string | boolean | null): string =>
  value === null ? 'none' : typeof value === 'string' ? `'${value}'` : String(value);
