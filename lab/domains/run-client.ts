import { spawn } from 'node:child_process';

const TIME_LIMIT = 20_000;

/** The output of another program, and how it ended. */
export interface ClientResult {
  code: number;
  output: string;
  errors: string;
}

/** Runs a client with an input that is in no command line and in no file. */
export function runClient(
  command: string,
  args: string[],
  env: Record<string, string>,
  input: string,
): Promise<ClientResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...env },
      timeout: TIME_LIMIT,
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', text => (output += text));
    child.stderr.setEncoding('utf8').on('data', text => (errors += text));
    child.on('error', cause =>
      reject(new Error(`cannot run ${command}: install the package that brings it`, { cause })),
    );
    child.on('close', (code, signal) => {
      if (signal !== null) errors += `\n${command} did not answer within ${TIME_LIMIT / 1000} s`;
      resolve({ code: code ?? 1, output, errors });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** The last line of its output, where clients give the reason. */
export const lastLine = (result: ClientResult): string =>
  `${result.errors}\n${result.output}`.trim().split('\n').at(-1) || `exit code ${result.code}`;
