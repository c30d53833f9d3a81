import { reportError } from '@causeway/service';
import { Command } from 'commander';
import { tenantCommands } from '../commands/tenant-commands.ts';

/** `causeway` with only this package's commands, for tests that need a separate process. */
const program = new Command('causeway');
tenantCommands(program);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, process.argv.includes('--json'));
}
