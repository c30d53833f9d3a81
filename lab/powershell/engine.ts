import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildPowerShell, findSdk, MISSING_SDK, modulePaths } from '@causeway/powershell';
import { labPath, openLab } from '../domains/state.ts';
import { installPwsh, PWSH_VERSION } from './pwsh.ts';

export interface PowerShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A PowerShell with the module installed for its user, who has a home of their own. */
export interface PowerShell {
  readonly name: string;
  /** The command line, to which the script file's name is appended. */
  readonly command: readonly string[];
  /** Makes its output the same on every machine. */
  readonly environment: Readonly<Record<string, string>>;
  /** The folder that the module is installed in. */
  readonly modulePath: string;
  /** Runs a script file as an administrator would, and waits for its end. */
  run(script: string, environment?: NodeJS.ProcessEnv): Promise<PowerShellResult>;
}

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = [
  'powershell/**/*.{cs,csproj,props,psd1,ps1xml,json,slnx,txt}',
  'packages/powershell/src/{build,install}.ts',
  'lab/powershell/engine.ts',
];
const RUN_LIMIT_MS = 5 * 60_000;

/** Without a profile and without prompts. */
const OPTIONS = ['-NoProfile', '-NonInteractive', '-File'];

/** UTF-8 and plain text on a terminal of 80 columns, without telemetry or network requests. */
const ENVIRONMENT = {
  LC_ALL: 'C.UTF-8',
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
  NO_COLOR: '1',
  TERM: 'dumb',
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  POWERSHELL_TELEMETRY_OPTOUT: '1',
  POWERSHELL_UPDATECHECK: 'Off',
};

/** Variables that would lead PowerShell out of its home. */
const ELSEWHERE = {
  PSModulePath: undefined,
  XDG_CACHE_HOME: undefined,
  XDG_CONFIG_HOME: undefined,
  XDG_DATA_HOME: undefined,
};

/** A build per state of the sources. The last one is kept. */
function buildFolder(sdk: string): string {
  const digest = createHash('sha256').update(sdk);
  for (const file of globSync(SOURCES, { cwd: ROOT }).sort())
    digest.update(file).update(readFileSync(join(ROOT, file)));
  return labPath('powershell', digest.digest('hex').slice(0, 16));
}

/** Where modules are in a user's home. */
const modulesIn = (home: string): string => modulePaths('user', process.platform, {}, home)[0]!;

/**
 * Builds the module once per state of its sources, under the lab's folder.
 * @returns a home in which it is installed
 */
async function builtOnce(): Promise<string> {
  const sdk = await findSdk();
  if (sdk === undefined) throw new Error(MISSING_SDK);
  const folder = buildFolder(sdk);
  const home = join(folder, 'home');
  if (existsSync(folder)) return home;
  openLab();
  rmSync(labPath('powershell'), { recursive: true, force: true });
  const making = labPath('powershell', 'making');
  mkdirSync(making, { recursive: true, mode: 0o700 });
  const modules = modulesIn(join(making, 'home'));
  cpSync(await buildPowerShell(making), join(modules, 'ADSync'), { recursive: true });
  renameSync(making, folder);
  return home;
}

/** PowerShell from NuGet, and the machine's own `pwsh` if there is one. */
export async function powershells(): Promise<PowerShell[]> {
  const home = await builtOnce();
  const engines = [engine(`PowerShell ${PWSH_VERSION}`, home, ['dotnet', await installPwsh()])];
  if (await runs('pwsh')) engines.push(engine("the machine's pwsh", home, ['pwsh']));
  return engines;
}

function engine(name: string, home: string, program: string[]): PowerShell {
  const command = [...program, ...OPTIONS];
  return {
    name,
    command,
    environment: ENVIRONMENT,
    modulePath: modulesIn(home),
    run: async (script, environment = {}) => {
      const file = labPath('powershell', `script-${process.pid}-${Math.random().toString(36).slice(2)}.ps1`);
      writeFileSync(file, script);
      chmodSync(file, 0o600);
      try {
        const [executable, ...args] = [...command, file];
        return await runToEnd(executable!, args, {
          ...ENVIRONMENT,
          ...ELSEWHERE,
          HOME: home,
          ...environment,
        });
      } finally {
        rmSync(file, { force: true });
      }
    },
  };
}

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
    // Not spawn's own option, whose timer outlives a program that does not exist.
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
