import { createInterface, type Interface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { CausewayError } from './causeway-error.ts';
import { plainText } from './command-line.ts';

export interface Terminal {
  readonly input: Readable & { isTTY?: boolean };
  readonly output: Writable;
}

const ownTerminal: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Shows what will happen. Continues only if the user answers yes at the terminal, or gave `--yes`.
 * @throws CausewayError 'confirmation-needed' if nobody can be asked, 'not-confirmed' for every other answer
 */
export async function confirm(
  consequences: readonly string[],
  question: string,
  yes: boolean | undefined,
  { input, output }: Terminal = ownTerminal,
): Promise<void> {
  output.write(`${plainText(consequences.join('\n'))}\n`);
  if (yes) return;
  if (!input.isTTY) {
    throw new CausewayError('confirmation-needed', 'nothing was changed: there is no terminal to ask at');
  }
  const answer = await ask(createInterface({ input, output }), `${question} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new CausewayError('not-confirmed', 'nothing was changed: the answer was not yes');
}

/** Asks at the terminal without showing the input. Returns nothing if nobody can be asked. */
export async function askSecret(
  question: string,
  { input, output }: Terminal = ownTerminal,
): Promise<string | undefined> {
  if (!input.isTTY) return undefined;
  output.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await ask(createInterface({ input, output: silent, terminal: true }), '');
  output.write('\n');
  return answer.trim();
}

/** The answer; empty if the user ends the input instead, by Ctrl-C too. */
async function ask(terminal: Interface, question: string): Promise<string> {
  const ended = new Promise<string>(resolve => terminal.once('close', () => resolve('')));
  try {
    return await Promise.race([terminal.question(question), ended]);
  } finally {
    terminal.close();
  }
}
