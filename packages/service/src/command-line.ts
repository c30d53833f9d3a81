import { CausewayError, describeError } from './causeway-error.ts';
import { environment } from './environment.ts';

/** Exit codes of every command; the last one of those that compare, and found something. */
export const EXIT = { ok: 0, failure: 1, usage: 2, differs: 3 } as const;

/** Without what moves a terminal's cursor or turns text around: names and reasons come from other machines. */
export function plainText(text: string): string {
  return text.replaceAll(/(?!\n)\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** Prints a result: JSON when asked for, else the lines for people. */
export function printResult(json: boolean | undefined, value: unknown, lines: () => readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${plainText(lines().join('\n'))}\n`);
}

/** A message that says itself what to run, with this machine's names in the command. */
const HAS_COMMAND = /^ {2}causeway /m;

/**
 * Shows an error to a person on standard error, what to do below it, and returns the exit code. Programs get JSON with `--json`.
 * What to do comes from the table of errors, unless the message has the command already.
 * @param otherTodo what to do about an error that those tables do not know
 */
export function reportError(error: unknown, json: boolean, otherTodo?: string): number {
  const code = error instanceof CausewayError ? error.code : ((error as { code?: string }).code ?? 'failed');
  const message = describeError(error);
  const { todo = otherTodo } = (error ?? {}) as { todo?: string };
  const below = todo === undefined || HAS_COMMAND.test(message) ? '' : `\n${todo}`;
  process.stderr.write(
    json
      ? `${JSON.stringify({ error: { code, message, ...(todo !== undefined && { todo }) } })}\n`
      : `causeway: ${plainText(`${message}${below}`)}\n`,
  );
  if (environment('CAUSEWAY_DEBUG') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT.failure;
}

/**
 * What a command's help ends with: how the command is called. The reference shows it too, and a test holds each line against the command.
 * @param lines command lines, from `causeway` on
 */
export function example(...lines: readonly string[]): string {
  return ['', lines.length === 1 ? 'Example:' : 'Examples:', ...lines.map(line => `  ${line}`)].join('\n');
}

/** Rows as aligned columns; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
