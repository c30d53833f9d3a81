import { spawn } from 'node:child_process';
import { CausewayError } from '@causeway/service';

/** The .NET SDK that the module and its tests are built with. */
const SDK_MAJOR = 10;

export const MISSING_SDK = `the .NET SDK ${SDK_MAJOR} is not on the PATH (https://dotnet.microsoft.com/download)`;

/** Milliseconds for a build with an empty package cache on a slow connection. */
const BUILD_LIMIT = 10 * 60_000;
const MAX_OUTPUT = 1 << 20;

const QUIET = {
  DOTNET_NOLOGO: '1',
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
  DOTNET_CLI_UI_LANGUAGE: 'en',
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
};

/** The SDK's version, or undefined if none is recent enough. */
export async function findSdk(): Promise<string | undefined> {
  let listed: string;
  try {
    listed = await dotnet(['--list-sdks']);
  } catch {
    return undefined;
  }
  const versions = listed.split('\n').map(line => line.split(' ')[0] ?? '');
  return versions.findLast(version => Number.parseInt(version, 10) >= SDK_MAJOR);
}

/** Runs `dotnet` and returns its output. @throws CausewayError 'no-sdk' or 'build-failed', with the compiler's messages */
export function dotnet(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('dotnet', args, {
      env: { ...process.env, ...QUIET, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Not spawn's own option: its timer outlives a program that does not exist.
    const timer = setTimeout(() => child.kill('SIGKILL'), BUILD_LIMIT);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-MAX_OUTPUT);
      });
    }
    child.on('error', cause => {
      clearTimeout(timer);
      reject(new CausewayError('no-sdk', MISSING_SDK, { cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output);
      const said = [...new Set(output.split('\n').filter(line => /\b(error|warning)\b/i.test(line)))];
      const words = (said.length > 0 ? said : output.trim().split('\n')).slice(0, 10).join('\n');
      reject(
        new CausewayError(
          'build-failed',
          `dotnet ${args[0]} ended with ${code ?? signal ?? 'an error'}: ${words}`,
        ),
      );
    });
  });
}
