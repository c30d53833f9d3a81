import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command line's entry, run by the same Node as this. */
export const CLI = fileURLToPath(import.meta.resolve('@causeway/cli/main'));

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `causeway …args` to its end, as an administrator would.
 * @param input for standard input: usually a secret, which must not be on a command line
 */
export function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {}); // a program that ends early reads none of it
    child.stdin.end(input);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', chunk => {
      stdout += chunk;
    });
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', code => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** Runs `causeway …args --json` and returns its output. Throws with its message on an exit code other than 0. */
export async function runCliJson<T = Record<string, unknown>>(
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
  input?: string,
): Promise<T> {
  const result = await runCli([...args, '--json'], env, input);
  if (result.code !== 0)
    throw new Error(`causeway ${args.slice(0, 2).join(' ')} failed: ${result.stderr.trim()}`);
  return JSON.parse(result.stdout) as T;
}
