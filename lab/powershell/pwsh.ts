import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dotnet } from '@causeway/powershell';
import { labPath, openLab } from '../domains/state.ts';

/** The release of PowerShell that scripts run in, and the hash of its package's content, as in NuGet's lock files. */
export const PWSH_VERSION = '7.6.9';
const CONTENT_HASH =
  'Mbe0ZL/+PD3apnlrNzTDwtAYNXTeYs/fdWpEYVmFYPEmCy8N42NMwiBg2Bh//OCoAUu2L7AXxWZKiY+2JFtSuQ==';

const PACKAGE = join('.store/powershell', PWSH_VERSION, 'powershell', PWSH_VERSION);

/** In the lab's folder. A lab without internet access uses the folder that its tests name. */
export const pwshFolder = (): string => process.env.CAUSEWAY_PWSH_FOLDER ?? labPath(`pwsh-${PWSH_VERSION}`);

/**
 * Installs PowerShell from NuGet, once. Needs only the .NET SDK.
 * @returns the path of `pwsh.dll`, which `dotnet` runs
 */
export async function installPwsh(folder = pwshFolder()): Promise<string> {
  if (!existsSync(folder)) {
    openLab();
    const making = `${folder}.making`;
    rmSync(making, { recursive: true, force: true });
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
      `cannot install PowerShell ${PWSH_VERSION} from NuGet (is the network reachable?): ${(cause as Error).message}`,
      { cause },
    );
  }
  const { contentHash } = JSON.parse(readFileSync(join(folder, PACKAGE, '.nupkg.metadata'), 'utf8')) as {
    contentHash: string;
  };
  if (contentHash !== CONTENT_HASH)
    throw new Error(
      `the package of PowerShell ${PWSH_VERSION} is not the pinned one: its content's hash is ${contentHash}`,
    );
}
