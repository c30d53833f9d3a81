import type { ConnectorStore } from '../store.ts';

/** Of the scheduler: whether objects are read without anybody asking. */
export interface Reading {
  readonly automatic: boolean;
}

/** The last cycles that ended, by their times; for comparing alone, as clocks go back. */
export interface LastCycles {
  readonly objects: string | undefined;
  readonly passwords: string | undefined;
}

export function lastCycles({ cursors }: Pick<ConnectorStore, 'cursors'>): LastCycles {
  return { objects: cursors.get('last-object-cycle-at'), passwords: cursors.get('last-password-cycle-at') };
}

/** Whether objects and passwords had a cycle that ended since then. What an administrator switched off is not waited for. */
export function cycledSince(
  store: Pick<ConnectorStore, 'cursors' | 'settings'>,
  { automatic }: Reading,
  before: LastCycles,
): boolean {
  const { objects, passwords } = lastCycles(store);
  if (automatic && objects === before.objects) return false;
  return !store.settings.passwordSync || passwords !== before.passwords;
}
