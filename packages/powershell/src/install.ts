import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, posix, win32 } from 'node:path';
import { CausewayError } from '@causeway/service';
import { archiveFile, MODULE_FOLDER, readArchive } from './archive.ts';
import { buildModule } from './build.ts';
import { findSdk, MISSING_SDK } from './sdk.ts';

export type Scope = 'user' | 'machine';

/** Folders of PSModulePath according to PowerShell's documentation (about_PSModulePath); on Windows those of both editions. */
export function modulePaths(
  scope: Scope,
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
  home = homedir(),
): string[] {
  if (platform === 'win32') {
    const base =
      scope === 'user' ? win32.join(home, 'Documents') : (environment.ProgramFiles ?? 'C:\\Program Files');
    return ['WindowsPowerShell', 'PowerShell'].map(edition => win32.join(base, edition, 'Modules'));
  }
  if (scope === 'machine') return ['/usr/local/share/powershell/Modules'];
  const data = environment.XDG_DATA_HOME || posix.join(home, '.local', 'share');
  return [posix.join(data, 'powershell', 'Modules')];
}

/** How a Windows path begins, or what it contains. */
const WINDOWS_PATH = /^[A-Za-z]:|\\/;

/**
 * A module folder that the user named. On other systems a Windows path would be the name of a new folder in the current one.
 * @throws CausewayError 'bad-path'
 */
export function namedPath(path: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return win32.resolve(path);
  if (WINDOWS_PATH.test(path)) {
    throw new CausewayError(
      'bad-path',
      `'${path}' is a path of Windows, and this machine has no such folder`,
    );
  }
  return posix.resolve(path);
}

/**
 * The module's files: from the archive beside the code, or built from the sources if there is an SDK.
 * @throws CausewayError 'no-module'
 */
async function moduleFiles(archive: string): Promise<{ files: Map<string, Uint8Array>; from: string }> {
  if (existsSync(archive)) return { files: readArchive(archive), from: archive };
  if ((await findSdk()) === undefined) {
    throw new CausewayError(
      'no-module',
      `the built module is not here: put the release's archive at '${archive}', or build it where ${MISSING_SDK.replace(' is not', ' is')}`,
    );
  }
  return { files: await buildModule(), from: 'the sources' };
}

/** Puts the module into each of the folders, and replaces an existing one. Returns where it put it, and where the files came from. */
export async function installModule(
  paths: readonly string[],
  archive = archiveFile(),
): Promise<{ installed: string[]; from: string }> {
  const { files, from } = await moduleFiles(archive);
  return { installed: paths.map(path => place(path, files)), from };
}

function place(path: string, files: ReadonlyMap<string, Uint8Array>): string {
  const target = join(path, MODULE_FOLDER);
  const made = join(path, `.${MODULE_FOLDER}.new-${process.pid}`);
  const old = join(path, `.${MODULE_FOLDER}.old-${process.pid}`);
  try {
    for (const [name, content] of files) {
      mkdirSync(dirname(join(made, name)), { recursive: true });
      writeFileSync(join(made, name), content);
    }
    if (existsSync(target)) renameSync(target, old);
    renameSync(made, target);
  } catch (cause) {
    if (!existsSync(target) && existsSync(old)) renameSync(old, target);
    const { code } = cause as NodeJS.ErrnoException;
    const hint =
      code === 'EACCES' || code === 'EPERM'
        ? 'you may not write there, or a PowerShell session has the module loaded: use --scope user or --path, or end that session'
        : (code ?? 'it cannot be written');
    throw new CausewayError('not-installed', `cannot install into '${path}': ${hint}`, { cause });
  } finally {
    for (const folder of [made, old]) rmSync(folder, { recursive: true, force: true });
  }
  return target;
}
