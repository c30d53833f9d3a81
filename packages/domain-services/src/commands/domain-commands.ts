import { userInfo } from 'node:os';
import { stopDomain } from '@causeway/samba';
import {
  checkStateFolder,
  codeOption,
  environment,
  example,
  lockState,
  printResult,
} from '@causeway/service';
import type { Command as Program } from 'commander';
import { loadDomainConfiguration } from '../configuration.ts';
import { openDomainKeys, publicDomainKeys } from '../pairing/domain-keys.ts';
import { placesOf } from '../places.ts';
import { MAKE_CODE } from '../registration/identity.ts';
import { runDomain } from '../run.ts';
import { administratorCommands } from './administrator-commands.ts';
import { perform } from './at-hand.ts';
import {
  type CommandFlags,
  type ForestFlags,
  forestOption,
  OF_SEVERAL,
  subcommand,
} from './command-options.ts';
import { create } from './create-command.ts';
import { dns } from './dns-command.ts';
import { heldCommands } from './held-commands.ts';
import { nameCommands } from './name-commands.ts';
import { register } from './register-command.ts';
import { sidCommands } from './sid-commands.ts';
import { status } from './status-command.ts';
import { trustAgent } from './trust-agent.ts';

/** Adds `causeway domain …`. */
export function domainCommands(program: Program): void {
  const domain = program.command('domain').description('the managed domain: make it, run it, see and decide');
  const command = (name: string, description: string) => subcommand(domain, name, description);

  codeOption(
    command('create', 'create the managed domain and its keys, and enrol it at the tenant'),
    MAKE_CODE,
  )
    .option('--realm <REALM>', 'Kerberos realm, such as AADDS.EXAMPLE.NET')
    .option('--netbios <NAME>', 'NetBIOS name of the domain')
    .option('--host-name <name>', 'short name of this domain controller')
    .option('--address <ipv4>', 'address that the domain controller listens on')
    .option('--dns <mode>', "'internal': Samba answers DNS itself; 'none'")
    .option('--dns-forwarder <ipv4>', 'resolver that it asks for all other names')
    .option('--directory <directory>', "the Samba domain's own folder")
    .option('--tenant <url>', 'base address of the tenant')
    .option('--ca <file>', "CA of the tenant's certificate (PEM)")
    .option('--replace <REALM>', "the realm of the tenant's managed domain that this one replaces")
    .option('--yes', 'replace it without a question')
    .option(
      '--deletion-threshold <n>',
      'above this many deletions within 24 hours, or above 10 % of a forest, they wait for you',
    )
    .option('--admin-password-file <file>', "file with the Administrator's password (default: a random one)")
    .addHelpText(
      'after',
      example(
        'causeway domain create --tenant https://tenant.example.net --realm AADDS.EXAMPLE.NET --netbios AADDS --host-name ds1 --address 10.0.0.10 --code-file -',
      ),
    )
    .action(create);
  codeOption(
    command('register', 'register this managed domain at its tenant, for the first time or again'),
    MAKE_CODE,
  )
    .option('--replace <REALM>', "the realm of the tenant's managed domain that this one replaces")
    .option('--yes', 'replace it without a question')
    .addHelpText('after', example('causeway domain register --code-file -'))
    .action(register);
  command('run', 'supervise the managed domain and follow the tenant')
    .addHelpText('after', example('causeway domain run'))
    .action((flags: CommandFlags) => runDomain(loadDomainConfiguration(flags)));
  command('dns', 'show how machines find the managed domain, or change it (with its service stopped)')
    .option('--set <mode>', "'internal': Samba answers DNS itself; 'none'")
    .option('--forwarder <ipv4>', 'resolver that it asks for all other names')
    .option('--no-forwarder', 'do not ask any resolver for other names')
    .option('--yes', 'change it without a question')
    .addHelpText(
      'after',
      example('causeway domain dns', 'causeway domain dns --set internal --forwarder 10.0.0.53'),
    )
    .action(dns);
  command('stop', 'stop the managed domain itself, after its service')
    .addHelpText('after', example('causeway domain stop'))
    .action(stop);
  forestOption(command('status', 'show what was written, what was rejected, and why'), OF_SEVERAL)
    .argument('[user]', 'userPrincipalName, name in the managed domain or source anchor')
    .addHelpText(
      'after',
      example(
        'causeway domain status',
        'causeway domain status alice@corp.example.com --forest corp.example.com',
      ),
    )
    .action(status);
  command('fingerprint', "show the fingerprint of this domain's keys")
    .addHelpText('after', example('causeway domain fingerprint'))
    .action(fingerprint);
  command('trust-agent', "trust a Connect's signing key for a forest")
    .argument('<fingerprint>', 'as Connect shows it')
    .requiredOption('--forest <name>', 'DNS name of the forest')
    .option('--replace <fingerprint...>', 'fingerprint of the trusted key that this one replaces')
    .option('--yes', 'replace it without a question')
    .addHelpText(
      'after',
      example(
        'causeway domain trust-agent FINGERPRINT --forest corp.example.com',
        'causeway domain trust-agent FINGERPRINT --forest corp.example.com --replace FORMER',
      ),
    )
    .action(trustAgent);
  command('untrust-agent', 'take a trust back')
    .argument('<fingerprint>', 'of the trusted key')
    .option('--forest <name>', 'only for this forest')
    .addHelpText('after', example('causeway domain untrust-agent FINGERPRINT --forest corp.example.com'))
    .action((fingerprint: string, flags: CommandFlags & { forest?: string }) =>
      perform(flags, 'untrustAgent', { fingerprint, forest: flags.forest }),
    );
  command('trust-tenant', "trust the tenant's own key, which signs cloud-only users, after it changed")
    .argument('<fingerprint>', "as 'causeway tenant fingerprint' shows it")
    .addHelpText('after', example('causeway domain trust-tenant FINGERPRINT'))
    .action((fingerprint: string, flags: CommandFlags) => perform(flags, 'trustTenant', { fingerprint }));
  forestOption(
    command('accept', 'accept a user who was re-created, or an older password of a restored forest'),
    OF_SEVERAL,
  )
    .argument('<anchor>', 'source anchor, as status shows it')
    .addHelpText(
      'after',
      example('causeway domain accept q83vEjRWeJCrze8SNFZ4kA== --forest corp.example.com'),
    )
    .action((anchor: string, { forest, ...flags }: ForestFlags) =>
      perform(flags, 'acceptUser', { anchor, forest }),
    );
  forestOption(
    command('block', 'block a user from the managed domain at once, whatever the forest or the tenant says'),
    `${OF_SEVERAL} or the user has not come yet`,
  )
    .argument('<user>', 'userPrincipalName, name in the managed domain or source anchor')
    .option('--reason <text>', 'reason, shown in the status')
    .addHelpText('after', example("causeway domain block alice@corp.example.com --reason 'left the company'"))
    .action((user: string, { forest, reason, ...flags }: ForestFlags & { reason?: string }) =>
      perform(flags, 'blockUser', { user, forest, by: whoRuns(), reason: reason || undefined }),
    );
  forestOption(command('unblock', 'end a block: the account is again as its forest says'), OF_SEVERAL)
    .argument('<user>', 'userPrincipalName, name in the managed domain or source anchor')
    .addHelpText('after', example('causeway domain unblock alice@corp.example.com'))
    .action((user: string, { forest, ...flags }: ForestFlags) =>
      perform(flags, 'unblockUser', { user, forest, by: whoRuns() }),
    );
  forestOption(
    command('repair', 'repair an account that somebody disabled, deleted or expired by hand'),
    OF_SEVERAL,
  )
    .argument('<user>', 'userPrincipalName, name in the managed domain or source anchor')
    .addHelpText('after', example('causeway domain repair alice@corp.example.com'))
    .action((user: string, { forest, ...flags }: ForestFlags) =>
      perform(flags, 'repairUser', { user, forest, by: whoRuns() }),
    );
  command('delete-unclaimed', 'delete the accounts and groups that no record claimed, after a forest is gone')
    .requiredOption('--forest <name>', 'DNS name of the forest', (text: string) => text.toLowerCase())
    .addHelpText('after', "\nMany at once wait for 'causeway domain allow-deletes'.")
    .addHelpText('after', example('causeway domain delete-unclaimed --forest fabrikam.example.org'))
    .action(({ forest, ...flags }: CommandFlags & { forest: string }) =>
      perform(flags, 'deleteUnclaimed', { forest }),
    );
  nameCommands(domain);
  heldCommands(command);
  sidCommands(domain);
  administratorCommands(domain);
}

async function stop(flags: CommandFlags): Promise<void> {
  const places = placesOf(loadDomainConfiguration(flags));
  const lock = lockState(places.stateDirectory, places.domain.directory);
  try {
    await stopDomain(places.domain);
  } finally {
    lock.release();
  }
  printResult(flags.json, { stopped: true }, () => ['the managed domain is stopped']);
}

async function fingerprint(flags: CommandFlags): Promise<void> {
  const places = placesOf(loadDomainConfiguration(flags));
  checkStateFolder(places.stateDirectory, places.domain.directory);
  const keys = publicDomainKeys(await openDomainKeys(places));
  printResult(flags.json, keys, () => [keys.fingerprint]);
}

/** The user of this machine, also behind sudo; undefined if the system has no name for them, as in a container. */
function whoRuns(): string | undefined {
  try {
    return environment('SUDO_USER') ?? userInfo().username;
  } catch {
    return undefined;
  }
}
