import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dotnet } from '@causeway/powershell';

/** The release of PowerShell that scripts run in, and the hash of its package's content, as in NuGet's lock files. */
export const PWSH_VERSION = '7.6.9';
const CONTENT_HASH =
  'Mbe0ZL/+PD3apnlrNzTDwtAYNXTeYs/fdWpEYVmFYPEmCy8N42NMwiBg2Bh//OCoAUu2L7AXxWZKiY+2JFtSuQ==';
('SQMYQqUseEab3UWv+X03OSfG3oXisatt1E7PtHTbKoKzkKFk0eDnEEmt+1QXuXcjC0Ly9xSS7Zfo6CAyY5Tzcg==');

/** Beside the npm packages, so that every lab of this checkout finds it. */
const FOLDER = join(import.meta.dirname, '../../node_modules/.cache/powershell', PWSH_VERSION);
const PACKAGE = join('.store/powershell', PWSH_VERSION, 'powershell', PWSH_VERSION);

/**
 * Installs PowerShell from NuGet, once for each checkout: it needs the .NET SDK and nothing of the system.
 * @returns the path of `pwsh.dll`, which `dotnet` runs
 */
export async function installPwsh(folder = FOLDER): Promise<string> {
  if (!existsSync(folder)) {
    const making = `${folder}.making`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(dirname(making), { recursive: true });
    await install(making);
    renameSync(making, folder);
  }
  return join(folder, PACKAGE, 'tools/net10.0/any/unix/pwsh.dll');
}

async function install(folder: string): Promise<void> {
  try {
    await dotnet(['tool', 'install', 'PowerShell', '--version', PWSH_VERSION, '--tool-path', folder]);
  } catch (cause) {
    throw new Error(
      `cannot install PowerShell ${PWSH_VERSION} from NuGet; is the network reachable? ${(cause as Error).message}`,
      { cause },
    );
  }
  const { contentHash } = JSON.parse(readFileSync(join(folder, PACKAGE, '.nupkg.metadata'), 'utf8')) as {
    contentHash: string;
  };
  if (contentHash !== CONTENT_HASH)
    throw new Error(
      `the package of PowerShell ${PWSH_VERSION} is not the one that is pinned: its hash is ${contentHash}`,
    );
}
