import { CausewayError, describeError, explainError } from './causeway-error.ts';
import { environment } from './environment.ts';

/** Exit codes of every command. `differs` is for commands that compare and found a difference. */
export const EXIT = { ok: 0, failure: 1, usage: 2, differs: 3 } as const;

/** Removes what moves a terminal's cursor or changes text direction, because names and reasons come from other machines. */
export function plainText(text: string): string {
  return text.replaceAll(/(?!\n)\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** Prints a result: as JSON on request, otherwise as lines for people. */
export function printResult(json: boolean | undefined, value: unknown, lines: () => readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${plainText(lines().join('\n'))}\n`);
}

/**
 * Prints an error on standard error, with what to do below it, and returns the exit code. With `--json` it prints JSON for programs. What
 * to do comes from the table of errors, unless the message has the command already.
 * @param otherTodo what to do about an error that those tables do not know
 */
export function reportError(error: unknown, json: boolean, otherTodo?: string): number {
  const code = error instanceof CausewayError ? error.code : ((error as { code?: string }).code ?? 'failed');
  const { todo = otherTodo } = (error ?? {}) as { todo?: string };
  process.stderr.write(
    json
      ? `${JSON.stringify({ error: { code, message: describeError(error), ...(todo !== undefined && { todo }) } })}\n`
      : `causeway: ${plainText(explainError(error, otherTodo))}\n`,
  );
  if (environment('CAUSEWAY_DEBUG') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT.failure;
}

/**
 * The end of a command's help: how to call it. The reference shows it too, and a test checks each line against the command.
 * @param lines command lines, starting with `causeway`
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
