import { Command } from 'commander';
import description from '../package.json' with { type: 'json' };

/** Each package brings its own commands, under its own word. */
const PARTS: Record<string, () => Promise<(program: Command) => void>> = {
  connect: async () => (await import('@causeway/connect')).connectCommands,
  tenant: async () => (await import('@causeway/tenant')).tenantCommands,
  domain: async () => (await import('@causeway/domain-services')).domainCommands,
  openapi: async () => (await import('./openapi-command.ts')).openApiCommand,
  powershell: async () => (await import('@causeway/powershell')).powershellCommands,
  doctor: async () => (await import('@causeway/connect')).doctorCommand,
  replicate: async () => (await import('@causeway/active-directory')).replicationCommands,
};

/**
 * The `causeway` command.
 * @param word the first word of the command line. Only its package is loaded, which halves the time to an answer. Without it, every package
 * is.
 */
export async function createProgram(word?: string): Promise<Command> {
  const program = new Command('causeway')
    .description('one password in three places: on-premises Active Directory, web sign-in, managed domain')
    .version(description.version)
    .showHelpAfterError('(causeway --help says more)')
    .showSuggestionAfterError()
    .exitOverride();
  const only = word === undefined ? undefined : PARTS[word];
  for (const load of only ? [only] : Object.values(PARTS)) (await load())(program);
  inheritExit(program);
  return program;
}

/** Usage errors of every command become exceptions, so that exit codes are decided in one place. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride().showHelpAfterError('(add --help for more)');
    inheritExit(child);
  }
}
