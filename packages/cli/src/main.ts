import { EXIT, reportError } from '@causeway/service';
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

const json = process.argv.includes('--json');
// A reason that cannot be written (standard error is a file on a full disk) must not hide the exit code.
process.stderr.on('error', () => {});
try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has said what was wrong
  } else {
    process.exitCode = reportError(error, json);
  }
}
