import { Command } from 'commander';
import { labCommand } from './domains/commands.ts';
import { testCommand } from './run/test-command.ts';

const program = new Command('causeway')
  .description('the lab around Causeway: real domains on loopback addresses, the demo and the tests')
  .addCommand(demoCommand())
  .addCommand(testCommand())
  .addCommand(labCommand());

function demoCommand(): Command {
  return new Command('demo')
    .description('play the way of a password through all places on real domains, and tell it')
    .option('--keep', 'leave everything running, to try it yourself')
    .option('--stop', 'end what --keep left running')
    .action(async (options: { keep?: boolean; stop?: boolean }) => {
      // Loaded late, so that the lab works without the places.
      const { playDemo, stopDemo } = await import('./demo/demo.ts');
      await (options.stop ? stopDemo() : playDemo(options));
    });
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`causeway: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
