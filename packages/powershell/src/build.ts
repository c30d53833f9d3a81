import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CausewayError } from '@causeway/service';
import { dotnet } from './sdk.ts';

/** The project's folder, and the one with its C# sources. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const SOURCES = join(ROOT, 'powershell');

/** The module's files. Nothing else goes into an archive or comes out of one. */
export const MODULE_FILES = [
  'ADSync.dll',
  'ADSync.format.ps1xml',
  'ADSync.psd1',
  'LICENSE',
  'en-US/ADSync.dll-Help.xml',
  'en-US/about_ADSync.help.txt',
] as const;

/** The version in its manifest. */
export function moduleVersion(manifest = readFileSync(join(SOURCES, 'ADSync/ADSync.psd1'), 'utf8')): string {
  const version = /^\s*ModuleVersion\s*=\s*'([\d.]+)'/m.exec(manifest)?.[1];
  if (version === undefined)
    throw new CausewayError('bad-module', "ModuleVersion expected in the module's manifest");
  return version;
}

const OPTIONS = ['--configuration', 'Release', '-p:RestoreLockedMode=true'];
/** Leaves no compiler process running after a build. */
const NO_SERVERS = ['-nodeReuse:false', '-p:UseSharedCompilation=false'];

/**
 * Builds the module with its help from the sources, and writes nothing outside the target.
 * @param target the folder that everything is built in
 * @returns the module's folder as it is installed, in a folder of modules
 */
export async function buildPowerShell(target: string): Promise<string> {
  await dotnet([
    'build',
    join(SOURCES, 'Causeway.slnx'),
    ...OPTIONS,
    ...NO_SERVERS,
    '--artifacts-path',
    target,
  ]);
  const built = join(target, 'bin', 'ADSync', 'release');
  const module = join(target, 'modules', 'ADSync');
  mkdirSync(join(module, 'en-US'), { recursive: true });
  for (const file of MODULE_FILES.filter(name => name.startsWith('ADSync.')))
    copyFileSync(join(built, file), join(module, file));
  copyFileSync(join(built, 'about_ADSync.help.txt'), join(module, 'en-US/about_ADSync.help.txt'));
  copyFileSync(join(ROOT, 'LICENSE'), join(module, 'LICENSE'));
  const help = join(target, 'bin', 'Help', 'release', 'causeway-powershell-help.dll');
  await dotnet([help, module, join(built, 'ADSync.xml')]);
  return module;
}

/** Builds the module and returns its files by name. */
export async function buildModule(): Promise<Map<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-powershell-'));
  try {
    const module = await buildPowerShell(folder);
    return new Map(MODULE_FILES.map(name => [name, new Uint8Array(readFileSync(join(module, name)))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
