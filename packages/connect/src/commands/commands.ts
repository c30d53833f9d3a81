import { createAccountCommand } from '@causeway/active-directory';
import { tenantEndpoint } from '@causeway/api';
import type { CycleSummary } from '@causeway/contract';
import {
  CausewayError,
  codeOption,
  defaultStateDirectory,
  example,
  printResult,
  readCode,
  withCode,
} from '@causeway/service';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadConnectConfiguration } from '../configuration.ts';
import { runConnect } from '../run.ts';
import { enrolConnect } from '../sync/staging.ts';
import { MAKE_CODE, readAgent } from '../tenant/identity.ts';
import { acceptRestore } from './accept-restore.ts';
import { askOrDo, type CommonOptions, withCommonOptions } from './at-hand.ts';
import { checkDomainControllers, checkEnrolledForests } from './check-forests.ts';
import { acceptDomainController } from './domain-controller.ts';
import { forcePasswordSync } from './force-password-sync.ts';
import { heldCommands } from './held.ts';
import { nameScope } from './name-scope.ts';
import { preview } from './preview.ts';
import { MAKE_PROMOTION, promote } from './promote.ts';
import { repinConnector } from './repin.ts';
import { showDifferences } from './show-differences.ts';
import { runsCommand } from './show-runs.ts';
import { showStatus } from './show-status.ts';
import { tokenCommands } from './tokens.ts';

/** `causeway connect …` */
export function connectCommands(program: Command): void {
  const connect = program
    .command('connect')
    .description('the on-premises side: reads Active Directory and feeds the tenant');
  const command = (name: string, description: string): Command =>
    withCommonOptions(connect.command(name).description(description));

  enrolCommand(connect);
  command('run', 'run the service in the foreground until SIGTERM or SIGINT')
    .addHelpText('after', example('causeway connect run --config /etc/causeway/connect.yaml'))
    .action((options: CommonOptions) => runConnect(loadConnectConfiguration(options.config)));
  command('sync', 'run one cycle now: import, export and passwords; if the service runs, it does that')
    .option('--once', 'one cycle (the only way; `run` keeps going)')
    .option('--connector <name>', 'only this connector; case counts')
    .option(
      '--initial',
      "read the whole directory and decide on every object again; of passwords only those that changed: all of them by 'causeway connect force-password-sync'",
    )
    .addOption(new Option('--allow-deletes <n>', 'of releases before').argParser(count).hideHelp())
    .addHelpText(
      'after',
      example(
        'causeway connect sync --once',
        'causeway connect sync --once --connector corp.example.com --initial',
      ),
    )
    .action(sync);
  heldCommands(command);
  command(
    'preview',
    'show what the scope of a configuration would add, change and delete, or what decided of one user; nothing is changed',
  )
    .argument('[user]', 'userPrincipalName, sAMAccountName, DN, objectGUID or source anchor')
    .option(
      '--this-release',
      "decide by this program's own rules, on a copy of the state; the service that runs may be of another release",
    )
    .addHelpText(
      'after',
      example(
        'causeway connect preview --config new.yaml',
        'causeway connect preview alice@corp.example.com',
        'causeway connect preview --this-release',
      ),
    )
    .action(preview);
  command('name-scope', "write the objectGuid beside each container and group of the configuration's scope")
    .addHelpText('after', example('causeway connect name-scope --config new.yaml'))
    .action(nameScope);
  command('status', 'show the state of Connect, or of one user or group')
    .argument('[user]', 'userPrincipalName, sAMAccountName, DN, objectGUID or source anchor')
    .option('--group <group>', 'the way of one group: sAMAccountName, DN, objectGUID or source anchor')
    .addHelpText(
      'after',
      example(
        'causeway connect status',
        'causeway connect status alice@corp.example.com',
        'causeway connect status --group Sales',
      ),
    )
    .action(showStatus);
  command(
    'compare',
    'compare what this Connect would send with what the tenant has, object by object; exit code 3 if anything differs',
  )
    .option('--connector <name>', 'only the forest of this connector; case counts')
    .option('--all', 'show every difference')
    .addHelpText(
      'after',
      example('causeway connect compare', 'causeway connect compare --connector corp.example.com --all'),
    )
    .action(showDifferences);
  codeOption(
    command(
      'promote',
      'promote this Connect, which stages, to the one that writes: shows what it would send, and asks',
    ),
    MAKE_PROMOTION,
  )
    .option('--yes', 'do not ask')
    .addHelpText('after', example('causeway connect promote --code-file FILE'))
    .action(promote);
  runsCommand(command);
  command('force-password-sync', 'read and send the password of every user again')
    .option('--connector <name>', 'only this connector; case counts')
    .option('--no-wait', 'do not wait until it is done')
    .addHelpText('after', example('causeway connect force-password-sync --connector corp.example.com'))
    .action(forcePasswordSync);
  command('trust-domain', "confirm the managed domain's key by its fingerprint")
    .argument('<fingerprint>', "as 'causeway domain fingerprint' shows it")
    .addHelpText('after', example('causeway connect trust-domain FINGERPRINT'))
    .action(trustDomain);
  command('untrust-domain', "stop trusting the managed domain's key: nothing is sealed to it any more")
    .addHelpText('after', example('causeway connect untrust-domain'))
    .action(untrustDomain);
  command(
    'repin',
    'show which directory a connector reads and which one answers; with --yes, move to the latter',
  )
    .argument('<connector>', "the connector's name; case counts")
    .option('--yes', 'move over: users who are not in it are deleted in the tenant')
    .addHelpText(
      'after',
      example('causeway connect repin corp.example.com', 'causeway connect repin corp.example.com --yes'),
    )
    .action(repinConnector);
  command('accept-dc', 'show how far the stand-in domain controller lags; with --yes, accept it as it is')
    .argument('<connector>', "the connector's name; case counts")
    .option('--yes', 'confirm that the other one is lost for good: what only that one knew is undone')
    .addHelpText(
      'after',
      example(
        'causeway connect accept-dc corp.example.com',
        'causeway connect accept-dc corp.example.com --yes',
      ),
    )
    .action(acceptDomainController);
  command(
    'accept-restore',
    'show what a restored forest would bring back, ask, and accept it; not for one restored domain controller of several',
  )
    .requiredOption('--connector <name>', "the connector's name; case counts")
    .option('--yes', 'do not ask')
    .addHelpText('after', example('causeway connect accept-restore --connector corp.example.com'))
    .action(acceptRestore);
  command('fingerprint', "show the fingerprint of this Connect's signing key")
    .addHelpText('after', example('causeway connect fingerprint'))
    .action(showFingerprint);
  tokenCommands(connect);
  connect
    .command('account')
    .description('the account that reads the directory')
    .addCommand(createAccountCommand());
}

function enrolCommand(connect: Command): void {
  codeOption(connect.command('enrol'), MAKE_CODE)
    .description('create the keys and enrol at a tenant with a one-time code')
    .option('--tenant <url>', "the tenant's address (default: the configuration's)")
    .option('--ca <file>', "PEM file of the CA of the tenant's certificate")
    .option('--config <file>', 'YAML configuration file')
    .option('--state <dir>', 'state folder, if there is no configuration yet')
    .option(
      '--unchecked',
      'do not ask the domain controllers which forests they serve, because they cannot be reached yet',
    )
    .option(
      '--staging',
      'enrol as a Connect that stages: it reads and decides beside the one that writes, and sends nothing',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      "\nWith --config, every domain controller is asked first whether it serves the connector's forest, and the tenant then whether it takes that forest.",
    )
    .addHelpText(
      'after',
      example(
        'causeway connect enrol --config /etc/causeway/connect.yaml --code-file -',
        'causeway connect enrol --tenant https://tenant.example.net --code-file /root/code',
      ),
    )
    .action(async options => {
      const configuration = options.config && loadConnectConfiguration(options.config);
      const url = options.tenant ?? configuration?.tenant.url;
      if (url === undefined) connect.error('--tenant URL or --config FILE expected');
      const state = options.state ?? configuration?.stateDirectory ?? defaultStateDirectory('connect');
      const caFile = options.ca ?? configuration?.tenant.caFile;
      const code = await withCode(await readCode(options), async given => given ?? noCode());
      if (configuration && !options.unchecked) await checkDomainControllers(configuration);
      const { staging = false } = options;
      const agent = await enrolConnect(state, tenantEndpoint({ url, caFile }), { code, staging });
      if (configuration) {
        const tenant = { url, ...(caFile !== undefined && { caFile }) };
        await checkEnrolledForests({ ...configuration, stateDirectory: state, tenant }, agent);
      }
      const { tenantId, tenantName, agentId } = agent;
      const forests: string[] = configuration
        ? configuration.connectors.map((connector: { forest: string }) => connector.forest)
        : ['NAME'];
      const { fingerprint } = agent.publicKey;
      printResult(options.json, { tenantId, tenantName, agentId, fingerprint }, () => [
        `enrolled at tenant ${tenantName} (${tenantId})`,
        `fingerprint of the signing key  ${fingerprint}`,
        ...(staging
          ? ['it stages: the managed domain is to believe its key only once it is promoted']
          : [
              'to let the managed domain believe what this Connect signs, run at the managed domain:',
              ...forests.map(forest => `  causeway domain trust-agent ${fingerprint} --forest ${forest}`),
            ]),
      ]);
    });
}

function noCode(): never {
  throw new CausewayError(
    'code-needed',
    `give a one-time code by --code-file FILE ('-' is standard input), which an administrator of the tenant makes: ${MAKE_CODE}`,
  );
}

async function sync(
  options: CommonOptions & { allowDeletes?: number; connector?: string; initial?: boolean },
): Promise<void> {
  const { allowDeletes, connector, initial } = options;
  const policyType = initial ? 'Initial' : 'Delta';
  const { result } = await askOrDo(options, 'sync', {
    body: {
      policyType,
      ...(allowDeletes && { allowDeletes }),
      ...(connector !== undefined && { connector }),
    },
  });
  printResult(options.json, result, () => result.cycles.flatMap(describeCycle));
}

function describeCycle(cycle: CycleSummary): string[] {
  const { connector, imported, full, upserted, deleted, refused, retried } = cycle;
  const { suppressedDeletes, suppressedCreations } = cycle;
  const lines = [
    `${connector}: ${imported} objects imported${full ? ' (full import)' : ''}, ${upserted} exported, ${deleted} deleted, ${refused} refused, ${retried} to be retried; ${cycle.passwords.sent} passwords sent; ${cycle.milliseconds} ms`,
  ];
  if (suppressedDeletes > 0)
    lines.push(
      `  ${suppressedDeletes} deletions wait for you: causeway connect deletions --connector '${connector}'`,
    );
  if (suppressedCreations > 0)
    lines.push(
      `  ${suppressedCreations} new users wait for you: causeway connect creations --connector '${connector}'`,
    );
  return lines;
}

async function trustDomain(fingerprint: string, options: CommonOptions): Promise<void> {
  const { result } = await askOrDo(options, 'trustDomain', { body: { fingerprint } });
  printResult(options.json, result, () => [
    `the keys of the managed domain ${result.confirmed.realm} are trusted: ${result.confirmed.fingerprint}`,
    "who is owed is sent now; everybody else's password goes along when it changes, or by 'causeway connect force-password-sync'",
  ]);
}

async function untrustDomain(options: CommonOptions): Promise<void> {
  const { result } = await askOrDo(options, 'untrustDomain', {});
  printResult(options.json, result, () => [
    result.withdrawn ? "the managed domain's key is trusted no more" : 'no key was trusted',
  ]);
}

function showFingerprint(options: CommonOptions): void {
  const { publicKey } = readAgent(loadConnectConfiguration(options.config).stateDirectory);
  printResult(options.json, publicKey, () => [publicKey.fingerprint]);
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a number expected');
  return Number(text);
}
