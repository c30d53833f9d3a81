import type { Command } from 'commander';
import { administratorCommands } from './administrator-commands.ts';
import { appCommands } from './app-commands.ts';
import { domainCommands } from './domain-commands.ts';
import { groupCommands } from './group-commands.ts';
import { localCommands } from './local-commands.ts';
import { lossCommands } from './loss-commands.ts';
import { nameCommands } from './name-commands.ts';
import { remoteCommands } from './remote-commands.ts';
import { userCommands } from './user-commands.ts';

/** Adds `causeway tenant …`. */
export function tenantCommands(program: Command): void {
  const tenant = program
    .command('tenant')
    .description('the cloud directory: run it, make tenants, see what is in it')
    .addHelpText(
      'after',
      '\nThe examples expect CAUSEWAY_TENANT_URL and CAUSEWAY_TOKEN_FILE in the environment. Give --tenant and --token-file otherwise.',
    );
  localCommands(tenant);
  remoteCommands(tenant);
  appCommands(tenant);
  administratorCommands(tenant);
  userCommands(tenant);
  groupCommands(tenant);
  nameCommands(tenant);
  lossCommands(tenant);
  domainCommands(tenant);
}
