import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fchownSync,
  fsyncSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CausewayError } from './causeway-error.ts';
import { onDisk } from './disk-error.ts';
import { makeSharedDirectory } from './state-folder.ts';

/** What is an operating system's own stands in this file: modes, users, sockets, default places. */

const windows = process.platform === 'win32';

/**
 * Writes a file that only its owner can read; all of it or nothing, and on the disk when this returns.
 * @throws CausewayError 'disk-full' or 'disk-failed'
 */
export function writePrivateFile(path: string, content: string): void {
  onDisk(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeWhole(path, content, 0o600);
    syncDirectory(dirname(path));
  });
}

/** A file that may be read by others stays as it was, but for what is in it. */
export function replaceFile(path: string, content: string): void {
  onDisk(path, () => {
    const { mode, uid, gid } = statSync(path);
    writeWhole(path, content, mode & 0o777, file => fchownSync(file, uid, gid));
    syncDirectory(dirname(path));
  });
}

/** In the place of what was there, or that stays as it was. */
function writeWhole(path: string, content: string, mode: number, prepare?: (file: number) => void): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.new`;
  // Made anew, or not at all: a file or a link that somebody else put there would get the secret.
  const file = openSync(temporary, 'wx', mode);
  try {
    try {
      prepare?.(file);
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {} // a disk that fails: what it failed at first is told
    throw error;
  }
}

/** Until then a rename may be lost with the power. Windows has no such call. */
function syncDirectory(path: string): void {
  if (windows) return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * Reads a file that holds a secret. One that others can read is refused: its secret is out already.
 * @throws CausewayError 'file-unreadable' or 'file-not-private'
 */
export function readPrivateFile(path: string): string {
  let text: string;
  let mode: number;
  try {
    mode = statSync(path).mode;
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CausewayError('file-unreadable', `cannot read '${path}'`, { cause });
  }
  if (!windows && (mode & 0o077) !== 0) {
    throw new CausewayError('file-not-private', `'${path}' holds a secret, and other users can read it`);
  }
  return text;
}

/** Where a service keeps its state when nothing else is said. */
export function defaultStateDirectory(service: string): string {
  const base = windows ? (process.env.ProgramData ?? 'C:\\ProgramData') : '/var/lib';
  return join(base, 'causeway', service);
}

/** Where a service's configuration file is looked for when nothing else is said. */
export function defaultConfigurationFile(service: string): string {
  const base = windows ? join(process.env.ProgramData ?? 'C:\\ProgramData', 'causeway') : '/etc/causeway';
  return join(base, `${service}.yaml`);
}

/** Linux's limit of a Unix socket's path, in bytes. */
const MAX_SOCKET_PATH = 107;

/** The address of a service's local API: a socket in its state folder, a named pipe on Windows. */
export function localSocketPath(stateDirectory: string): string {
  if (windows) {
    const name = createHash('sha256').update(stateDirectory.toLowerCase()).digest('hex').slice(0, 16);
    return `\\\\.\\pipe\\causeway-${name}`;
  }
  const path = join(stateDirectory, 'api.sock');
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new CausewayError(
      'state-path-too-long',
      `the state folder's path is too long for a socket: '${stateDirectory}'`,
    );
  }
  return path;
}

/** Takes away a socket that somebody who ended has left. @throws CausewayError 'not-own' where something else is in its place */
export function removeSocket(path: string): void {
  if (windows) return; // a named pipe goes with its process
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) {
    throw new CausewayError(
      'not-own',
      `'${path}' of user ${found.uid} is no socket, and one is to be made there`,
    );
  }
  rmSync(path, { force: true });
}

/**
 * Lets only the owner open a socket that was just bound, and a group where one is named and there is one.
 * @returns whether the group may open it
 */
export function restrictSocket(path: string, group?: string): boolean {
  if (windows) return false;
  chmodSync(path, 0o600);
  const id = group === undefined ? undefined : groupId(group);
  if (id === undefined) return false;
  try {
    lchownSync(path, -1, id);
  } catch (error) {
    // Who is not root may give a file only to a group that it belongs to.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    throw error;
  }
  chmodSync(path, 0o660);
  return true;
}

/** The number of a group, asked of the name service, which knows a directory's groups too; undefined: there is none. */
function groupId(name: string): number | undefined {
  try {
    const line = execFileSync('getent', ['group', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(line.split(':')[2]);
  } catch {
    return undefined;
  }
}

/** What binds a socket while this runs makes it for its owner alone: between binding and restricting there is no gap. */
export async function withPrivateUmask<T>(work: () => Promise<T>): Promise<T> {
  if (windows) return work();
  const before = process.umask(0o177);
  try {
    return await work();
  } finally {
    process.umask(before);
  }
}

/** Where sockets and notes stand that others than the service's user look for; gone after a restart of the machine. */
export function runtimeDirectory(): string {
  return windows ? join(process.env.ProgramData ?? 'C:\\ProgramData', 'causeway') : '/run/causeway';
}

/**
 * Writes a file that everybody may read into a folder that everybody may enter.
 * @throws CausewayError 'runtime-directory', 'not-own', 'disk-full' or 'disk-failed'
 */
export function writeRuntimeFile(path: string, content: string): void {
  makeRuntimeDirectory(dirname(path));
  onDisk(path, () => writeWhole(path, content, 0o644));
}

/** @throws CausewayError 'runtime-directory' when it is not there and cannot be made, 'not-own' when others can write there */
export function makeRuntimeDirectory(path: string): void {
  try {
    makeSharedDirectory(path);
  } catch (cause) {
    if (cause instanceof CausewayError) throw cause;
    throw new CausewayError('runtime-directory', `the folder '${path}' is missing and cannot be created`, {
      cause,
    });
  }
}
