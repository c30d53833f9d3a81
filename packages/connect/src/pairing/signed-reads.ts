import type { ConnectorStore } from '../store/store.ts';

/** Stores what the managed domain reads, as its newest receipt says. @param receiptKey the key that signed the receipt */
export function noteReads(store: ConnectorStore, receiptKey: string, names: readonly string[]): void {
  store.cursors.set('signed-reads', JSON.stringify({ receiptKey, names }));
}

/**
 * The records that the managed domain signed that it reads, so Connect sends them. INVARIANT: the tenant's announcement only adds to
 * these. Empty if the key that signed is not the confirmed one any more.
 */
export function signedReads(store: ConnectorStore): readonly string[] {
  const kept = store.cursors.get('signed-reads');
  if (kept === undefined) return [];
  const { receiptKey, names } = JSON.parse(kept) as { receiptKey: string; names: string[] };
  return receiptKey === store.confirmations.managedDomain?.receiptKey ? names : [];
}

/** The records that the tenant announced, or that the managed domain signed for. */
export const readsWith = (store: ConnectorStore, announced: readonly string[] = []): string[] => [
  ...announced,
  ...signedReads(store),
];
