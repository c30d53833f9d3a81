import { replicationCommands } from '@causeway/active-directory';
import { connectCommands } from '@causeway/connect';
import { domainCommands } from '@causeway/domain-services';
import { tenantCommands } from '@causeway/tenant';
import { Command } from 'commander';
import description from '../package.json' with { type: 'json' };

/** The whole `causeway` command: every package brings its own commands. */
export function createProgram(): Command {
  const program = new Command('causeway')
    .description('one password in three places: on-premises Active Directory, web sign-in, managed domain')
    .version(description.version)
    .showHelpAfterError('(causeway --help says more)')
    .showSuggestionAfterError()
    .exitOverride();
  connectCommands(program);
  tenantCommands(program);
  domainCommands(program);
  replicationCommands(program);
  inheritExit(program);
  return program;
}

/** Usage errors of every command come back as exceptions, so that exit codes are decided in one place. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride().showHelpAfterError('(add --help for more)');
    inheritExit(child);
  }
}
