import { type Command, Option } from 'commander';
import { askSecret } from './ask.ts';
import { CausewayError } from './causeway-error.ts';
import { readPrivateFile } from './platform.ts';

export interface CodeFlags {
  codeFile?: string;
}

type Ask = (question: string) => Promise<string | undefined>;

const QUESTION = 'one-time code: ';

/**
 * Adds `--code-file`. Older releases had `--code`, which is still parsed only to refuse it: the operating system shows a command line to
 * every user of the machine.
 * @param make the command that makes such a code
 */
export function codeOption(command: Command, make: string): Command {
  const refuse = (): never =>
    command.error(
      [
        'error: a code on the command line can be read by every user of this machine, so others may know this one; nothing was sent',
        `make a new code: ${make}`,
        "give it by --code-file FILE, or on standard input by '--code-file -'",
        'the old code ends within an hour after it was made; until then, look for agents that you do not know: causeway tenant agents list',
      ].join('\n'),
    );
  return command
    .option(
      '--code-file <file>',
      `file with a one-time code of '${make}', or '-': from standard input; asked for at the terminal if left out`,
    )
    .addOption(new Option('--code <code>', 'of releases before').argParser(refuse).hideHelp());
}

/**
 * The given one-time code; undefined if there is none.
 * @throws CausewayError 'bad-code', or for a file that cannot be read
 */
export async function readCode({ codeFile }: CodeFlags, ask: Ask = askSecret): Promise<string | undefined> {
  if (codeFile === undefined) return undefined;
  // A terminal would show the input.
  const text = codeFile === '-' ? ((await ask(QUESTION)) ?? (await readInput())) : readPrivateFile(codeFile);
  return text.trim() || undefined;
}

/** Does the work with the given code. Asks for one at the terminal only if none was given and the work throws 'code-needed'. */
export async function withCode<T>(
  code: string | undefined,
  work: (code: string | undefined) => Promise<T>,
  ask: Ask = askSecret,
): Promise<T> {
  try {
    return await work(code);
  } catch (error) {
    if (code !== undefined || !(error instanceof CausewayError) || error.code !== 'code-needed') throw error;
    const typed = await ask(`${error.message}\n${QUESTION}`);
    if (!typed) throw error;
    return work(typed);
  }
}

/** Characters. */
const MAX_INPUT = 4096;

async function readInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_INPUT)
      throw new CausewayError(
        'bad-code',
        `a one-time code expected on standard input, got more than ${MAX_INPUT} characters`,
      );
  }
  return text;
}
