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
 * Which folders and files a service takes for its own. It reads keys there, writes, and changes modes, often as root, so whoever can put
 * something in their place could have it read, write and open files of their choice. Windows has no such owners and modes: nothing is
 * asked there.
 */

/** A tenant with PGlite has about 1,000 files. */
const MAX_ENTRIES = 100_000;
/** As many as Linux follows in one path. */
const MAX_LINKS = 40;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Makes a state folder that is not there, and looks at all that is in it before anything of it is opened. Once it is only the process's
 * user who can write there, nothing strange can come later.
 *
 * @param program the folder of a program that the service runs, in the state folder or elsewhere, there or not yet. Deeper in it are
 *   files and users of that program's own, so two levels of it and of the state folder are looked at: what the service itself writes
 * @throws CausewayError 'not-own' that says what is not the process's own, and what to do; 'disk-full' or 'disk-failed'
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

/** The same for a command that only reads: where there is no folder, none is made. */
export function checkStateFolder(path: string, program?: string): void {
  if (inReach(path, () => lookAt(path)) !== undefined) takeStateFolder(path, program);
}

/**
 * Makes a folder that only the process's user can enter; one that is there must be that user's, and is closed to others.
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
    changeMode(path, 0o700); // also where it is so: a disk that became read-only shows by it
  });
}

/**
 * Makes a folder where others look for something of ours: nobody but root and the process's user can exchange what these put there.
 * @throws CausewayError 'not-own'; what the system said, where it cannot be made
 */
export function makeSharedDirectory(path: string): void {
  const user = process.geteuid?.();
  if (user === undefined) mkdirSync(path, { recursive: true });
  else goTo(path, user, 0o755);
}

/**
 * Every folder on the way, and every link that leads on, must be root's or our own, and none may be writable by others: they could put
 * another folder in the place of the next one. In a sticky one, as /tmp is, they cannot.
 *
 * @param mode of those that are made where they are missing; without it none is
 */
function goTo(path: string, user: number, mode?: number): void {
  // As the system goes it: '..' leads out of where a link has led.
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
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // somebody was quicker: whoever it was is looked at
  }
  return lstatSync(path);
}

/** The folder itself, not what a link leads to. */
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

/** The system's word for a folder that the process may not make or enter says nothing of what to do. */
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

/** What root put into a folder, a copy or `lost+found`, harms no service that is not root: such a service believes root anyway. */
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
      if (found === undefined) continue; // a service that runs has files for a moment
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

/** A slash at its end would have a link followed. */
const lookAt = (path: string): Stats | undefined =>
  lstatSync(path.replace(/(?<=.)\/+$/, ''), { throwIfNoEntry: false });

const notOwn = (message: string, cause?: unknown): CausewayError =>
  new CausewayError('not-own', message, { cause });
