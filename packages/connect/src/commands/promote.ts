import type { ConnectStatus } from '@causeway/contract';
import { CausewayError, type CodeFlags, confirm, printResult, readCode, withCode } from '@causeway/service';
import { askOrDo, type CommonOptions } from './at-hand.ts';
import { countAll, describeReport, type ForestReport, reportJson } from './difference-report.ts';
import { compareForests } from './show-differences.ts';

/** The command that an administrator runs at the tenant. */
export const MAKE_PROMOTION = 'causeway tenant agents promote ID --demote OTHER';

/** Shows what this Connect would send, asks, and changes places with the Connect that writes. */
export async function promote(options: CommonOptions & CodeFlags & { yes?: boolean }): Promise<void> {
  const { staging, signingKey, pairing } = (await askOrDo(options, 'getStatus', {})).result;
  if (staging === undefined)
    throw new CausewayError('not-staging', 'this Connect does not stage: it writes already');
  const code = await withCode(await readCode(options), async given => given ?? noCode(staging.agentId));
  const reports = await compareForests(options, LISTED);
  await confirm(
    [...reports.flatMap(describeReport), ...consequences(reports, pairing)],
    'Promote this Connect?',
    options.yes,
  );
  const { result } = await askOrDo(options, 'promote', { body: { code } });
  printResult(options.json, { ...result, forests: reports.map(reportJson) }, () => [
    'this Connect is the one that writes: it signs and sends everything anew, passwords too',
    ...result.demoted.map(({ id, name }) => `'${name}' (${id}) stages now`),
    'the managed domain believes it once its key is confirmed there, in the place of the key of the other one:',
    ...reports.map(
      ({ forest }) =>
        `  causeway domain trust-agent ${signingKey.fingerprint} --forest ${forest} --replace FINGERPRINT`,
    ),
  ]);
}

/** How many differences of a forest are printed. */
const LISTED = 1_000;

function consequences(
  reports: readonly ForestReport[],
  { state, realm }: ConnectStatus['pairing'],
): string[] {
  const all = reports.reduce((sum, report) => sum + countAll(report), 0);
  return [
    `${all === 0 ? 'Nothing differs' : `${all} differences, above, are what it would change`}. Once it is promoted:`,
    '- It signs and sends everything anew, and reads every password. Changes wait for that, for minutes.',
    '- The one that writes now stages at once, whether it runs or not.',
    '- The managed domain believes nothing of it before its key is confirmed there: keep that at hand.',
    ...(state === 'unconfirmed'
      ? [
          `- ALARM: this Connect does not trust the keys of ${realm}: no password goes there from it until you run causeway connect trust-domain FINGERPRINT`,
        ]
      : []),
  ];
}

function noCode(agentId: string): never {
  throw new CausewayError(
    'code-needed',
    `give a one-time code by --code-file FILE ('-' is standard input), which an administrator of the tenant makes: causeway tenant agents promote ${agentId} --demote OTHER`,
  );
}
