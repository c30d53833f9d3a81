import type {
  CallInput,
  ComparedKind,
  ComparisonPage,
  connectAdministrationRoutes,
} from '@causeway/contract';
import { CausewayError, EXIT, printResult } from '@causeway/service';
import { type ConnectConfiguration, loadConnectConfiguration } from '../configuration.ts';
import { ask, askOrDo, type CommonOptions } from './at-hand.ts';
import {
  addPage,
  countAll,
  describeReport,
  type ForestReport,
  newReport,
  reportJson,
} from './difference-report.ts';

type Query = NonNullable<CallInput<(typeof connectAdministrationRoutes)['compareWithTenant']>['query']>;

/** How many differences of a forest are printed without `--all`, of those that wait and of the others. */
const LISTED = 100;
/** How often progress is printed without a terminal. */
const TELL_EVERY_MS = 10_000;

/** Compares with the tenant and shows what differs. The exit code says whether anything does. */
export async function showDifferences(
  options: CommonOptions & { connector?: string; all?: boolean },
): Promise<void> {
  const reports = await compareForests(options, options.all ? Number.POSITIVE_INFINITY : LISTED);
  printResult(options.json, { forests: reports.map(reportJson) }, () => reports.flatMap(describeReport));
  if (reports.some(report => countAll(report) > 0)) process.exitCode = EXIT.differs;
}

/** @param most how many differences of a forest to keep of those that wait, and of the others */
export async function compareForests(
  options: CommonOptions & { connector?: string },
  most: number = LISTED,
): Promise<ForestReport[]> {
  const forests = forestsOf(loadConnectConfiguration(options.config), options.connector);
  const reports: ForestReport[] = [];
  const progress = progressOf(reports);
  const compare = async (first: ComparisonPage, askNext: (query: Query) => Promise<ComparisonPage>) => {
    for (const [n, forest] of forests.entries()) {
      const report = newReport(forest);
      reports.push(report);
      let kind: ComparedKind = 'user';
      let page = n === 0 ? first : await askNext({ forest });
      for (;;) {
        addPage(report, kind, page, most);
        progress.tell();
        if (page.next === null) break;
        kind = page.next.kind;
        page = await askNext({ forest, ...page.next });
      }
    }
    progress.end();
  };
  const asked = await askOrDo(
    options,
    'compareWithTenant',
    { query: { forest: forests[0]! } },
    async (_connect, handlers, first) => {
      const none = undefined as never;
      await compare(first, async ({ kind = 'user', after = '', forest }) =>
        handlers.compareWithTenant({ params: none, body: none, query: { forest, kind, after } }, ''),
      );
      return first;
    },
  );
  if (asked.running)
    await compare(asked.result, query => ask(asked.configuration, 'compareWithTenant', { query }));
  return reports;
}

function forestsOf({ connectors }: ConnectConfiguration, name: string | undefined): string[] {
  const chosen = connectors.filter(each => name === undefined || each.name === name);
  if (chosen.length > 0) return [...new Set(chosen.map(({ forest }) => forest))];
  const known = connectors.map(each => `'${each.name}'`).join(', ');
  throw new CausewayError(
    'no-such-connector',
    `there is no connector '${name}': known are ${known} (case counts)`,
  );
}

/** Prints to standard error, because standard output is for the result. */
function progressOf(reports: readonly ForestReport[]): { tell(): void; end(): void } {
  const { stderr } = process;
  let told = Date.now();
  const line = (): string => {
    const report = reports.at(-1)!;
    const { user, group, membership } = report.counts;
    return `${report.forest}: ${user.there} people, ${group.there} groups and ${membership.there} memberships of the tenant compared, ${countAll(report)} differences`;
  };
  return {
    tell() {
      if (stderr.isTTY) stderr.write(`\r\u001b[K${line()}`);
      else if (Date.now() - told >= TELL_EVERY_MS) {
        stderr.write(`${line()}\n`);
        told = Date.now();
      }
    },
    end() {
      if (stderr.isTTY) stderr.write('\n');
    },
  };
}
