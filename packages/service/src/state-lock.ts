import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CausewayError } from './causeway-error.ts';
import { sleep } from './lifecycle.ts';
import { makePrivateDirectory } from './platform.ts';

/** Held while a service uses its state folder; two openers would spoil SQLite and PGlite files. */
export interface StateLock {
  release(): void;
}

/**
 * Takes the lock of a state folder. SQLite holds it by the operating system's own file locks, so that it
 * goes with the process however that ends, on every platform.
 * @throws CausewayError 'already-running' that names the process which holds it
 */
export function lockState(stateDirectory: string): StateLock {
  makePrivateDirectory(stateDirectory);
  const owner = join(stateDirectory, 'lock.pid');
  const database = new DatabaseSync(join(stateDirectory, 'lock.db'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new CausewayError(
      'already-running',
      `the state in '${stateDirectory}' is in use by process ${readOwner(owner)}: stop it first, or use another state folder`,
      { cause, status: 409 },
    );
  }
  writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** How long a starting service waits for a command that has the state for a moment. */
const PATIENCE_MS = 3000;

/** Takes the lock as `lockState` does, after waiting a little for somebody who is about to be done. */
export async function lockStateSoon(stateDirectory: string): Promise<StateLock> {
  for (const until = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    try {
      return lockState(stateDirectory);
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

function readOwner(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
