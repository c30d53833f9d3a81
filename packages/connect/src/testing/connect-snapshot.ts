import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of a database: the database, and what is not written into it yet. */
const FILES = ['connect.db', 'connect.db-wal'];

/** What a Connect had stored at a moment; undefined: nothing except the files beside the database. */
export type ConnectSnapshot = ReadonlyMap<string, Uint8Array> | undefined;

/** @param folder of its state */
export function snapshotOf(folder: string): ConnectSnapshot {
  const files = new Map<string, Uint8Array>();
  for (const name of FILES) {
    const bytes = readIfThere(join(folder, name));
    if (bytes) files.set(name, bytes);
  }
  return files;
}

/** Puts a snapshot in place of the database. Nobody may have it open. */
export function putBack(folder: string, snapshot: ConnectSnapshot): void {
  for (const name of [...FILES, 'connect.db-shm']) rmSync(join(folder, name), { force: true });
  for (const [name, bytes] of snapshot ?? []) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
}

function readIfThere(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
