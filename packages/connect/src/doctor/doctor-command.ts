import { defaultConfigurationFile, EXIT, example, printResult } from '@causeway/service';
import { type Command, Option } from 'commander';
import type { Finding } from './finding.ts';
import { type DoctorOptions, gatherFacts } from './gather-facts.ts';
import { judgePrerequisites, warningsOf } from './prerequisites.ts';

/** `causeway doctor` */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'whether what password synchronization to a managed domain needs is there, and what to do next if not',
    )
    .option('--config <file>', "Connect's configuration file", defaultConfigurationFile('connect'))
    .addOption(
      new Option('--tenant <url>', "the tenant service's address (default: Connect's)").env(
        'CAUSEWAY_TENANT_URL',
      ),
    )
    .addOption(
      new Option('--token-file <file>', "file with an administrator's token").env('CAUSEWAY_TOKEN_FILE'),
    )
    .addOption(
      new Option('--ca <file>', "PEM file of the CA of the tenant's certificate").env('CAUSEWAY_CA_FILE'),
    )
    .option(
      '--domain-state <directory>',
      'state folder of the managed domain, where it runs on this machine (default: the usual one)',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nThe exit code is 0 when every prerequisite is met, 1 otherwise.')
    .addHelpText('after', example('causeway doctor --config /etc/causeway/connect.yaml'))
    .action(async (options: DoctorOptions & { json?: boolean }) => {
      const facts = await gatherFacts(options);
      const findings = judgePrerequisites(facts);
      const warnings = warningsOf(facts);
      const ready = findings.every(({ met }) => met === true);
      printResult(options.json, { ready, findings, warnings }, () => [
        ...findings.flatMap(describe),
        '',
        conclude(findings),
        ...warnings.flatMap(warning => ['', `WARNING: ${warning}`]),
      ]);
      if (!ready) process.exitCode = EXIT.failure;
    });
}

const MARKS = new Map([
  [true, 'met    '],
  [false, 'NOT MET'],
  [null, 'unknown'],
]);

function describe({ prerequisite, met, found, how, next }: Finding): string[] {
  const lines = [`${MARKS.get(met)}  ${prerequisite}`, `         ${found} (${how})`];
  return next === null ? lines : [...lines, `         next: ${next}`];
}

function conclude(findings: readonly Finding[]): string {
  const open = findings.filter(({ met }) => met !== true).length;
  return open === 0
    ? 'everything is there: run the script on each forest, or causeway connect force-password-sync'
    : `${open} of ${findings.length} are not met or not known`;
}
