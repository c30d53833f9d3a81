import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { CONFIRMED, DATABASE } from './store.ts';

/** In one step, because SQLite begins again after each write of another process between two steps. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies what Connect remembers, as it is at one moment, while another process may write to it. Neither file holds a secret.
 * @param from a state folder, whose lock the caller need not hold
 * @param to a private folder without a store
 */
export async function copyStore(from: string, to: string): Promise<void> {
  const db = new DatabaseSync(join(from, DATABASE), { readOnly: true });
  try {
    await backup(db, join(to, DATABASE), { rate: ALL_PAGES });
  } finally {
    db.close();
  }
  if (existsSync(join(from, CONFIRMED))) copyFileSync(join(from, CONFIRMED), join(to, CONFIRMED));
}
