import type { ConnectorStore } from '../store.ts';

/** The scheduler's switch: whether objects are read without a request. */
export interface Reading {
  readonly automatic: boolean;
}

/** The end times of the last cycles. Only compare them for equality, as clocks can go back. */
export interface LastCycles {
  readonly objects: string | undefined;
  readonly passwords: string | undefined;
}

export function lastCycles({ cursors }: Pick<ConnectorStore, 'cursors'>): LastCycles {
  return { objects: cursors.get('last-object-cycle-at'), passwords: cursors.get('last-password-cycle-at') };
}

/** Whether a cycle of objects and of passwords has ended since then. A cycle that an administrator switched off does not have to. */
export function cycledSince(
  store: Pick<ConnectorStore, 'cursors' | 'settings'>,
  { automatic }: Reading,
  before: LastCycles,
): boolean {
  const { objects, passwords } = lastCycles(store);
  if (automatic && objects === before.objects) return false;
  return !store.settings.passwordSync || passwords !== before.passwords;
}
