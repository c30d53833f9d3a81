import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CausewayError } from '@causeway/service';
import { unzipSync, zipSync } from 'fflate';
import { buildModule, MODULE_FILES, moduleVersion, ROOT } from './build.ts';

/** The folder in the archive, under the name that PowerShell looks for. */
export const MODULE_FOLDER = 'ADSync';

/**
 * The time of every entry, so that two builds give the same bytes. It is the earliest that ZIP can store, and noon is the same day in every
 * time zone.
 */
const ENTRY_TIME = new Date(1980, 0, 1, 12);

/** Far more than a module needs, so that a zip bomb does not fill the memory. */
const MAX_ARCHIVE = 16 * 1024 * 1024;
const MAX_FILE = 16 * 1024 * 1024;

/** The release's archive, beside the code. */
export const archiveFile = (): string => join(ROOT, 'dist', `adsync-${moduleVersion()}.zip`);

/** The same files give the same bytes. */
export function packModule(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = Object.fromEntries(
    [...files].map(([name, content]) => [`${MODULE_FOLDER}/${name}`, content]),
  );
  return zipSync(entries, { level: 9, mtime: ENTRY_TIME, os: 3, attrs: 0o100644 << 16 });
}

/** `npm run release`: builds the module and packs it. The same sources give the same bytes. */
export async function releaseArchive(file = archiveFile()): Promise<string> {
  const packed = packModule(await buildModule());
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, packed);
  renameSync(`${file}.new`, file);
  return file;
}

/**
 * The module's files in an archive, by name. Reads only the module's own names, so an entry that leads elsewhere is ignored.
 * @throws CausewayError 'no-archive' or 'bad-archive'
 */
export function readArchive(file: string): Map<string, Uint8Array> {
  if (!existsSync(file)) throw new CausewayError('no-archive', `there is no archive '${file}'`);
  const bytes = readFileSync(file);
  const wanted = new Set<string>(MODULE_FILES.map(name => `${MODULE_FOLDER}/${name}`));
  let entries: Record<string, Uint8Array>;
  try {
    if (bytes.length > MAX_ARCHIVE) throw new Error('it is too large');
    entries = unzipSync(bytes, {
      filter: entry => {
        if (!wanted.has(entry.name)) return false;
        if (entry.originalSize > MAX_FILE) throw new Error(`${entry.name} is too large`);
        return true;
      },
    });
  } catch (cause) {
    throw new CausewayError('bad-archive', `'${file}' is no archive of the module`, { cause });
  }
  const missing = [...wanted].filter(name => entries[name] === undefined);
  if (missing.length > 0) {
    throw new CausewayError(
      'bad-archive',
      `'${file}' is no archive of the module: it lacks ${missing.join(', ')}`,
    );
  }
  return new Map(MODULE_FILES.map(name => [name, entries[`${MODULE_FOLDER}/${name}`]!]));
}
