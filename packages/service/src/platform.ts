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

/** Holds everything that is specific to an operating system: modes, users, sockets, default places. */

const windows = process.platform === 'win32';

/**
 * Writes a file that only its owner can read, completely or not at all. It is on the disk when this returns.
 * @throws CausewayError 'disk-full' or 'disk-failed'
 */
export function writePrivateFile(path: string, content: string): void {
  onDisk(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeWhole(path, content, 0o600);
    syncDirectory(dirname(path));
  });
}

/** Replaces only the content of a file: one that others may read stays readable. */
export function replaceFile(path: string, content: string): void {
  onDisk(path, () => {
    const { mode, uid, gid } = statSync(path);
    writeWhole(path, content, mode & 0o777, file => fchownSync(file, uid, gid));
    syncDirectory(dirname(path));
  });
}

/** Replaces the file, or leaves the former one unchanged. */
function writeWhole(path: string, content: string, mode: number, prepare?: (file: number) => void): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.new`;
  // Must be new: an existing file or link from somebody else would get the secret.
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
    } catch {} // on a failing disk; the first failure is reported
    throw error;
  }
}

/** Until then a power failure may undo a rename. Windows has no such call. */
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
 * Reads a file that holds a secret. Refuses one that others can read, because its secret may be known already.
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

/** Where a service keeps its state by default. */
export function defaultStateDirectory(service: string): string {
  const base = windows ? (process.env.ProgramData ?? 'C:\\ProgramData') : '/var/lib';
  return join(base, 'causeway', service);
}

/** Where a service's configuration file is by default. */
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

/** Removes a socket that an ended process left. @throws CausewayError 'not-own' if something else is in its place */
export function removeSocket(path: string): void {
  if (windows) return; // a named pipe ends with its process
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
 * Lets only the owner open a socket that was just bound, and also a group if one is named and exists.
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
    // A user other than root may give a file only to one of their own groups.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    throw error;
  }
  chmodSync(path, 0o660);
  return true;
}

/** A group's number, from the name service, which also knows a directory's groups; undefined: there is none. */
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

/** A socket that is bound while this runs is its owner's only, with no gap between binding and restricting. */
export async function withPrivateUmask<T>(work: () => Promise<T>): Promise<T> {
  if (windows) return work();
  const before = process.umask(0o177);
  try {
    return await work();
  } finally {
    process.umask(before);
  }
}

/** For sockets and notes that others than the service's user look for. Emptied when the machine restarts. */
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

/** @throws CausewayError 'runtime-directory' if it does not exist and cannot be made, 'not-own' if others can write there */
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
