import { Command } from 'commander';
import { labCommand } from './domains/commands.ts';

const program = new Command('causeway')
  .description('the lab around Causeway: real domains on loopback addresses, the demo and the tests')
  .addCommand(labCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`causeway: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
