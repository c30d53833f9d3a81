import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
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

/** What is an operating system's own stands in this file: modes, users, sockets, default places. */

const windows = process.platform === 'win32';

/** Makes a folder that only the service's user can enter. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!windows) chmodSync(path, 0o700);
}

/** Writes a file that only its owner can read; all of it or nothing, and on the disk when this returns. */
export function writePrivateFile(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(8).toString('hex')}.new`;
  // Made anew, or not at all: a file or a link that somebody else put there would get the secret.
  const file = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
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
    throw new CausewayError(
      'file-not-private',
      `'${path}' holds a secret and others can read it: run chmod 600 on it`,
    );
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

/** Lets only the owner open a socket that was just bound. */
export function restrictSocket(path: string): void {
  if (!windows) chmodSync(path, 0o600);
}
