import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { CausewayError } from './causeway-error.ts';
import { onDisk } from './disk-error.ts';

/**
 * Decides which folders and files a service accepts as its own. It reads keys there, writes, and changes modes, often as root. Whoever can
 * replace one of them could have it read, write and open any file. Windows has no such owners and modes, so nothing is checked there.
 */

/** A tenant with PGlite has about 1,000 files. */
const MAX_ENTRIES = 100_000;
/** As many as Linux follows in one path. */
const MAX_LINKS = 40;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Makes a missing state folder, and checks everything in it before anything of it is opened. Once only the process's user can write there,
 * nothing foreign can appear later.
 *
 * @param program the folder of a program that the service runs, in the state folder or elsewhere, existing or not. Its deeper levels belong
 * to the program's own files and users, so only two levels of it and of the state folder are checked: what the service itself writes
 * @throws CausewayError 'not-own' that names what is not the process's own, and what to do; 'disk-full' or 'disk-failed'
 */
export function takeStateFolder(path: string, program?: string): void {
  makePrivateDirectory(path);
  const user = process.geteuid?.();
  if (user === undefined) return;
  inReach(path, () => lookThrough(path, user, program === undefined ? Number.POSITIVE_INFINITY : 2));
  if (program !== undefined) inReach(program, () => checkProgramFolder(program, user));
}

function checkProgramFolder(path: string, user: number): void {
  goTo(dirname(path), user);
  if (lookAt(path) === undefined) return;
  const { mode } = ownFolder(path, user);
  if ((mode & WRITABLE_BY_OTHERS) !== 0) changeMode(path, mode & 0o755);
  lookThrough(path, user, 2);
}

/** The same for a command that only reads: it does not make a missing folder. */
export function checkStateFolder(path: string, program?: string): void {
  if (inReach(path, () => lookAt(path)) !== undefined) takeStateFolder(path, program);
}

/**
 * Makes a folder that only the process's user can enter. An existing one must be that user's, and is closed to others.
 * @throws CausewayError 'not-own', 'disk-full' or 'disk-failed'
 */
export function makePrivateDirectory(path: string): void {
  inReach(path, () => {
    const user = process.geteuid?.();
    if (user === undefined) {
      mkdirSync(path, { recursive: true });
      return;
    }
    goTo(dirname(path), user, 0o700);
    ownFolder(path, user);
    changeMode(path, 0o700); // even if it is right already: a disk that became read-only shows by it
  });
}

/**
 * Makes a folder where others look for our files. Only root and the process's user can replace what these put there.
 * @throws CausewayError 'not-own', and the system's error if it cannot be made
 */
export function makeSharedDirectory(path: string): void {
  const user = process.geteuid?.();
  if (user === undefined) mkdirSync(path, { recursive: true });
  else goTo(path, user, 0o755);
}

/**
 * Every folder on the way, and every link that leads on, must belong to root or to our user. None may be writable by others, who could
 * replace the next folder. In a sticky folder, such as /tmp, they cannot.
 *
 * @param mode of missing folders, which are made; without it none is made
 */
function goTo(path: string, user: number, mode?: number): void {
  // Follows the path as the system does: '..' leads out of a link's target.
  const whole = isAbsolute(path) ? path : `${process.cwd()}/${path}`;
  const ahead = whole.split('/');
  let at = '/';
  let links = 0;
  while (ahead.length > 0) {
    const next = join(at, ahead.shift()!);
    const found = lookAt(next) ?? (mode === undefined ? undefined : made(next, mode));
    if (found === undefined) return;
    if (found.uid !== user && found.uid !== 0) {
      throw notOwn(
        `'${next}' belongs to user ${found.uid}, who could exchange what is in it; root or user ${user} is expected: use a folder elsewhere, or run 'chown ${user} ${next}'`,
      );
    }
    if (found.isSymbolicLink()) {
      if (++links > MAX_LINKS)
        throw notOwn(
          `'${path}' leads over more than ${MAX_LINKS} symbolic links: name the folder that is meant`,
        );
      const target = readlinkSync(next);
      ahead.unshift(...target.split('/'));
      if (isAbsolute(target)) at = '/';
      continue;
    }
    if (!found.isDirectory())
      throw notOwn(
        `'${next}' is a file of user ${found.uid}, and a folder is expected there: name another one`,
      );
    if ((found.mode & WRITABLE_BY_OTHERS) !== 0 && (found.mode & STICKY) === 0) {
      throw notOwn(
        `'${next}' of user ${found.uid} is writable by others, who could exchange what is in it: use a folder elsewhere, or run 'chmod go-w ${next}'`,
      );
    }
    at = next;
  }
}

function made(path: string, mode: number): Stats {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was quicker; it is checked below
  }
  return lstatSync(path);
}

/** The folder itself, not a link's target. */
function ownFolder(path: string, user: number): Stats {
  const found = lookAt(path) ?? made(path, 0o700);
  if (found.isSymbolicLink()) {
    throw notOwn(
      `'${path}' is a symbolic link of user ${found.uid}, and a folder of user ${user} is expected there: name the folder that it leads to, or mount that in its place`,
    );
  }
  if (!found.isDirectory()) {
    throw notOwn(
      `'${path}' is a file of user ${found.uid}, and a folder is expected there: name another one`,
    );
  }
  if (found.uid !== user) {
    throw notOwn(
      `'${path}' belongs to user ${found.uid}, and this runs as user ${user}, whose files that user's service could not use: run it as user ${found.uid}, or name a folder of user ${user}`,
    );
  }
  return found;
}

function changeMode(path: string, mode: number): void {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchmodSync(folder, mode);
  } finally {
    closeSync(folder);
  }
}

/** The system's error for a folder that the process may not make or enter does not tell what to do. */
function inReach<T>(path: string, work: () => T): T {
  try {
    return onDisk(path, work);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTDIR') throw cause;
    const user = process.geteuid?.();
    const who = user === undefined ? 'this process' : `user ${user}`;
    throw notOwn(
      `${who} cannot make or enter the folder '${path}' (${message}): run this as the user whose folder it is, or name a folder of ${who}, which an administrator may have to make first`,
      cause,
    );
  }
}

/** What root put into a folder, a copy or `lost+found`, harms no service that is not root, because such a service trusts root anyway. */
function lookThrough(folder: string, user: number, depth: number): void {
  let seen = 0;
  const look = (at: string, levels: number): void => {
    for (const name of readdirSync(at)) {
      if (++seen > MAX_ENTRIES) {
        throw notOwn(
          `'${folder}' holds more than ${MAX_ENTRIES} files: a folder for the service's state alone is expected`,
        );
      }
      const path = join(at, name);
      const found = lookAt(path);
      if (found === undefined) continue; // a running service has temporary files
      refuseStrange(path, found, user);
      if (found.isDirectory() && found.uid === user && levels > 1) look(path, levels - 1);
    }
  };
  look(folder, depth);
}

function refuseStrange(path: string, found: Stats, user: number): void {
  const whose = `'${path}' of user ${found.uid}`;
  const instead = `find out who put it there, and remove it or put a file of user ${user} in its place`;
  if (found.isSymbolicLink())
    throw notOwn(`${whose} is a symbolic link, and none is followed there: ${instead}`);
  if (!(found.isFile() || found.isDirectory() || found.isSocket() || found.isFIFO())) {
    throw notOwn(`${whose} is a device, and a file is expected there: ${instead}`);
  }
  if (found.uid !== user && found.uid !== 0) {
    throw notOwn(`${whose} is in a folder of user ${user}, who alone writes there: ${instead}`);
  }
  if (found.isFile() && found.nlink > 1) {
    throw notOwn(
      `${whose} has ${found.nlink} names (hard links), and what is written there would be written into all of them; one is expected: ${instead}`,
    );
  }
}

/** With a trailing slash, a link would be followed. */
const lookAt = (path: string): Stats | undefined =>
  lstatSync(path.replace(/(?<=.)\/+$/, ''), { throwIfNoEntry: false });

const notOwn = (message: string, cause?: unknown): CausewayError =>
  new CausewayError('not-own', message, { cause });
