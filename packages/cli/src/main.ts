import { EXIT, reportError } from '@causeway/service';
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

const json = process.argv.includes('--json');
// A message that cannot be written (standard error is a file on a full disk) must not hide the exit code.
process.stderr.on('error', () => {});
// A reader that stops early, as `head` does, has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has printed what was wrong
  } else {
    process.exitCode = reportError(error, json, await directoryTodo(error));
  }
}

/** What to do if a domain controller refuses. Loads the package that knows only then. */
async function directoryTodo(error: unknown): Promise<string | undefined> {
  if (!['LdapError', 'ReplicationError'].includes((error as Error | undefined)?.name ?? '')) return undefined;
  return (await import('@causeway/active-directory')).callTodo(error);
}
