import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CausewayError } from './causeway-error.ts';
import { onDisk } from './disk-error.ts';
import { sleep } from './lifecycle.ts';
import { takeStateFolder } from './state-folder.ts';

/** Held while a service uses its state folder. Two openers would corrupt SQLite and PGlite files. */
export interface StateLock {
  release(): void;
}

/**
 * Takes the lock of a state folder, after checking its content (`takeStateFolder`). SQLite holds it by the operating system's file locks,
 * so the lock ends with the process, however that ends, on every platform.
 * @throws CausewayError 'already-running' that names the process which holds it if that is known; 'not-own', 'disk-full', 'disk-failed'
 */
export function lockState(stateDirectory: string, program?: string): StateLock {
  return onDisk(stateDirectory, () => {
    takeStateFolder(stateDirectory, program);
    const ownerFile = join(stateDirectory, 'lock.pid');
    const database = new DatabaseSync(join(stateDirectory, 'lock.db'));
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (cause) {
      database.close();
      throw isBusy(cause) ? alreadyRunning(stateDirectory, ownerFile, cause) : cause;
    }
    noteOwner(ownerFile);
    return {
      release: () => {
        if (!database.isOpen) return;
        removeNote(ownerFile);
        database.close();
      },
    };
  });
}

/** How long a starting service waits for a command that holds the state for a moment. */
const PATIENCE_MS = 3000;

/** Takes the lock as `lockState` does, after a short wait for a process that is about to end. */
export async function lockStateSoon(stateDirectory: string, program?: string): Promise<StateLock> {
  for (const until = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    try {
      return lockState(stateDirectory, program);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'already-running' || Date.now() > until) throw error;
    }
  }
}

/** SQLITE_BUSY with any detail: the only answer that means that another process holds the lock. */
const isBusy = (error: unknown): boolean => (Number((error as { errcode?: number }).errcode) & 0xff) === 5;

function alreadyRunning(stateDirectory: string, ownerFile: string, cause: unknown): CausewayError {
  const owner = livingOwner(ownerFile);
  return new CausewayError(
    'already-running',
    `the state in '${stateDirectory}' is in use by ${owner === undefined ? 'another process' : `process ${owner}`}`,
    { cause },
  );
}

/** For people only; the lock works without it. Replaces what a killed process left, or wrote in part. */
function noteOwner(ownerFile: string): void {
  removeNote(ownerFile);
  try {
    writeFileSync(ownerFile, `${process.pid} ${startOf(process.pid)}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    removeNote(ownerFile);
  }
}

function removeNote(ownerFile: string): void {
  try {
    rmSync(ownerFile, { force: true });
  } catch {} // on a failing disk it may stay: it names only its writer
}

/** The process that wrote the file, if it lives. A later one with the same number has another start time. */
function livingOwner(ownerFile: string): number | undefined {
  try {
    const [, pid, start] = /^(\d+) (\d+)\n$/.exec(readFileSync(ownerFile, 'utf8')) ?? [];
    return pid !== undefined && startOf(Number(pid)) === start ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** When a process was started, in the system's ticks (proc(5), field 22 of `stat`). @throws if there is no such file */
function startOf(pid: number): string | undefined {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}
