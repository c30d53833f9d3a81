import { existsSync, statfsSync, statSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { CausewayError } from './causeway-error.ts';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that the disk can cause. */
const SQLITE = { readOnly: 8, inputOutput: 10, full: 13, cannotOpen: 14 } as const;
/** With less space than this SQLite cannot even make the file by which its readers share memory, and reports an I/O error. */
const FULL_BELOW = 256 * 1024;

type Trouble = 'full' | 'read-only' | 'failing';

/**
 * Makes the product's error for a full or failing disk: `disk-full` or `disk-failed`, 503, with retry. Knows the errors of the system and
 * of SQLite.
 *
 * @param place the folder or file that was written
 * @returns undefined if the disk is not the reason
 */
export function diskError(error: unknown, place: string): CausewayError | undefined {
  if (isDiskError(error)) return error;
  const trouble = troubleOf(error, place);
  return trouble && describe(trouble, error, place);
}

/**
 * The same for a failure without a reason: checks the disk itself.
 * @param needed bytes; with less space the disk counts as full
 */
export function suspectDisk(error: unknown, place: string, needed?: number): CausewayError | undefined {
  const trouble = troubleOf(error, place) ?? lookAt(place, needed);
  return trouble && describe(trouble, error, place);
}

function describe(trouble: Trouble, cause: unknown, place: string): CausewayError {
  const [code, text] = {
    full: [
      'disk-full',
      `no space left on device: '${place}' cannot be written: make room on its disk; until then nothing new is stored, and nothing is lost`,
    ],
    'read-only': [
      'disk-failed',
      `the disk of '${place}' is read-only: look into the system's log for the reason, then make it writable again; until then nothing new is stored, and nothing is lost`,
    ],
    failing: [
      'disk-failed',
      `the disk of '${place}' fails: look into the system's log for the reason, then mend or replace the disk`,
    ],
  }[trouble] as ['disk-full' | 'disk-failed', string];
  return new CausewayError(code, text, { cause });
}

/** Whether `diskError` made this error. */
export function isDiskError(error: unknown): error is CausewayError {
  return error instanceof CausewayError && (error.code === 'disk-full' || error.code === 'disk-failed');
}

/** Stores something dispensable. If the disk refuses it, it is left out. */
export function bestEffort(store: () => void): void {
  try {
    store();
  } catch (error) {
    if (!isDiskError(error)) throw error;
  }
}

/** Does work that reads or writes `place`, and reports a full or failing disk as such. */
export function onDisk<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, place) ?? error;
  }
}

function troubleOf(error: unknown, place: string): Trouble | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  if (code === 'EROFS') return 'read-only';
  if (code === 'EIO') return 'failing';
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') return undefined;
  switch (errcode & 0xff) {
    case SQLITE.full:
      return 'full';
    case SQLITE.readOnly:
    case SQLITE.inputOutput:
      return lookAt(place) ?? 'failing';
    case SQLITE.cannotOpen: // also for a missing permission, which is not the disk's fault
      return lookAt(place);
    default:
      return undefined;
  }
}

/** What the disk itself shows. SQLite reports less than the system told it. */
function lookAt(place: string, needed: number = FULL_BELOW): Trouble | undefined {
  let at = place;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  try {
    // This changes nothing, but a file system that became read-only after an error refuses it. access(2) would not tell, because it still
    // reports such a file as writable.
    const { atime, mtime } = statSync(at);
    utimesSync(at, atime, mtime);
    const { bavail, bsize, files, ffree } = statfsSync(at);
    if (bavail * bsize < needed || (files > 0 && ffree === 0)) return 'full';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EROFS') return 'read-only';
  }
  return undefined;
}
