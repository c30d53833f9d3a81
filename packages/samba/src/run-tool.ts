import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';

export interface ToolOptions {
  /** Written to standard input, which is empty by default. */
  input?: string | Uint8Array;
  env?: Record<string, string>;
  /** Milliseconds; default: 3 minutes. */
  timeout?: number;
  /** Its nice value, from -20 to 19. If it may not be set, the tool keeps ours. */
  priority?: number;
}

/** Characters. */
const MAX_OUTPUT = 1 << 28;
const MAX_ERRORS = 1 << 16;

/** Runs a tool and returns its standard output. An exit code other than 0 becomes an error that quotes its last lines. */
export function runTool(command: string, args: string[], options: ToolOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (options.priority !== undefined) prioritize(child.pid, options.priority);
    const limit = options.timeout ?? 180_000;
    let late = false;
    // Not spawn's own option: its timer outlives a tool that could not be started.
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, limit);
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text;
      if (output.length > MAX_OUTPUT) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      errors = (errors + text).slice(-MAX_ERRORS);
    });
    child.on('error', cause => {
      clearTimeout(timer);
      reject(new Error(`cannot run ${command}: install the Debian package that brings it`, { cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output);
      if (late) return reject(new Error(`${command} did not end within ${limit / 1000} s`));
      const said = (errors.trim() || output.trim()).split('\n').slice(-5).join('; ');
      reject(new Error(`${command} ${args[0] ?? ''} ended with ${signal ?? code}: ${said}`));
    });
    // A tool that ends early closes its input. Its exit code tells more than EPIPE.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

function prioritize(pid: number | undefined, priority: number): void {
  try {
    if (pid !== undefined) setPriority(pid, priority);
  } catch {
    // A container may not allow it, or the tool has ended: continue without.
  }
}
