import { reportError } from '@causeway/service';
import { Command } from 'commander';
import { tenantCommands } from '../commands/tenant-commands.ts';

/** `causeway` with this package's commands alone, for tests that need a process of its own. */
const program = new Command('causeway');
tenantCommands(program);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, process.argv.includes('--json'));
}
