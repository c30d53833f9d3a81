import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const NODE = ['--disable-warning=ExperimentalWarning', MAIN, 'tenant'];

/** Runs `causeway tenant …` in a separate process until it ends. */
export async function runTenantCommand(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...NODE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', chunk => (output.stdout += chunk));
  child.stderr.on('data', chunk => (output.stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

/** Starts `causeway tenant run` and waits until it reports its address. */
export async function spawnTenant(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [...NODE, 'run', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { msg: string; publicUrl: string };
    if (event.msg === 'tenant service is listening') {
      child.stdout.resume();
      return { child, url: event.publicUrl };
    }
  }
  throw new Error('the tenant service ended before it was up');
}
