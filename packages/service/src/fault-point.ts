import { environment } from './environment.ts';

/**
 * Ends the process as `kill -9` would at the n-th pass of a named point, if `CAUSEWAY_CRASH_AT=name[:n]` is set. Lets the end-to-end tests
 * kill a service between any two of its steps.
 */
export function faultPoint(name: string): void {
  watcher?.(name);
  if (armed === undefined || armed.name !== name) return;
  armed.passes -= 1;
  if (armed.passes <= 0) process.kill(process.pid, 'SIGKILL');
}

let watcher: ((name: string) => void) | undefined;

/** Calls a test at each pass of a point in its own process. If it throws, the passing code fails. @param watch undefined: stops watching */
export function watchFaultPoints(watch: ((name: string) => void) | undefined): void {
  watcher = watch;
}

const armed = parse(environment('CAUSEWAY_CRASH_AT'));

function parse(text: string | undefined): { name: string; passes: number } | undefined {
  if (!text) return undefined;
  const [name, passes] = text.split(':');
  return { name: name!, passes: Number(passes ?? 1) };
}
