import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildPowerShell, findSdk, MISSING_SDK } from '@causeway/powershell';
import { labPath, openLab } from '../domains/state.ts';

export interface PowerShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A PowerShell that has the module at hand. */
export interface PowerShell {
  readonly name: string;
  /** The command line that a script file's name is put behind. */
  readonly command: readonly string[];
  /** Where Import-Module looks. */
  readonly modulePath: string;
  /** Runs a script file as an administrator would, and waits for its end. */
  run(script: string, environment?: NodeJS.ProcessEnv): Promise<PowerShellResult>;
}

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = [
  'powershell/**/*.{cs,csproj,props,psd1,ps1xml,json,slnx}',
  'packages/powershell/src/build.ts',
];
const RUN_LIMIT_MS = 5 * 60_000;

/** A build of its own for each state of the sources; the last one is kept. */
function buildFolder(sdk: string): string {
  const digest = createHash('sha256').update(sdk);
  for (const file of globSync(SOURCES, { cwd: ROOT }).sort())
    digest.update(file).update(readFileSync(join(ROOT, file)));
  return labPath('powershell', digest.digest('hex').slice(0, 16));
}

/** Builds the module and the engine's host once for each state of their sources, under the lab's folder. */
async function builtOnce(): Promise<string> {
  const sdk = await findSdk();
  if (sdk === undefined) throw new Error(MISSING_SDK);
  const folder = buildFolder(sdk);
  if (existsSync(folder)) return folder;
  openLab();
  rmSync(labPath('powershell'), { recursive: true, force: true });
  const making = labPath('powershell', 'making');
  mkdirSync(making, { recursive: true, mode: 0o700 });
  await buildPowerShell(making);
  renameSync(making, folder);
  return folder;
}

/** PowerShell's engine in our host, and a `pwsh` where the machine has one. */
export async function powershells(): Promise<PowerShell[]> {
  const folder = await builtOnce();
  const host = join(folder, 'bin/Host/release/causeway-powershell-host.dll');
  const modulePath = join(folder, 'modules');
  const engines: PowerShell[] = [engine('the engine', modulePath, 'dotnet', [host])];
  const pwsh = engine('pwsh', modulePath, 'pwsh', ['-NoProfile', '-NonInteractive', '-File']);
  if (await runs('pwsh')) engines.push(pwsh);
  return engines;
}

function engine(name: string, modulePath: string, command: string, args: string[]): PowerShell {
  return {
    name,
    command: [command, ...args],
    modulePath,
    run: async (script, environment = {}) => {
      const file = labPath('powershell', `script-${process.pid}-${Math.random().toString(36).slice(2)}.ps1`);
      writeFileSync(file, script);
      chmodSync(file, 0o600);
      try {
        return await runToEnd(command, [...args, file], {
          ...PLAIN,
          PSModulePath: modulePath,
          ...environment,
        });
      } finally {
        rmSync(file, { force: true });
      }
    },
  };
}

/** Text alone: no colours, nothing about telemetry, English. */
const PLAIN = {
  NO_COLOR: '1',
  TERM: 'dumb',
  POWERSHELL_TELEMETRY_OPTOUT: '1',
  POWERSHELL_UPDATECHECK: 'Off',
};

async function runs(command: string): Promise<boolean> {
  try {
    return (await runToEnd(command, ['-Version'], {})).code === 0;
  } catch {
    return false;
  }
}

function runToEnd(
  command: string,
  args: string[],
  environment: NodeJS.ProcessEnv,
): Promise<PowerShellResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Not spawn's own option: its timer outlives a program that is not there.
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    child.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', code => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, stdout, stderr });
    });
  });
}
