import type { ConnectorStore } from '../store/store.ts';

/** What the managed domain reads, by its newest receipt that said so. @param receiptKey that signed it */
export function noteReads(store: ConnectorStore, receiptKey: string, names: readonly string[]): void {
  store.cursors.set('signed-reads', JSON.stringify({ receiptKey, names }));
}

/**
 * Records that go because the managed domain signed that it reads them. INVARIANT: what the tenant announces adds to that, and takes
 * nothing away. Nothing of keys that are not the confirmed ones any more.
 */
export function signedReads(store: ConnectorStore): readonly string[] {
  const kept = store.cursors.get('signed-reads');
  if (kept === undefined) return [];
  const { receiptKey, names } = JSON.parse(kept) as { receiptKey: string; names: string[] };
  return receiptKey === store.confirmations.managedDomain?.receiptKey ? names : [];
}

/** Records that the tenant announced, or the managed domain signed for. */
export const readsWith = (store: ConnectorStore, announced: readonly string[] = []): string[] => [
  ...announced,
  ...signedReads(store),
];
