import type { ConnectorStore } from '../store/store.ts';

/** The numbers of a connector that its status and heartbeat contain. */
export function connectorCounts(store: ConnectorStore) {
  return {
    users: store.space.countInScope(),
    exported: store.space.countExported(),
    passwords: store.passwords.countAcknowledged(),
    withLegacyRecord: store.passwords.countWithLegacy(),
    waiting: store.passwords.countMustChange(),
    queued: store.queue.count(false),
    quarantined: store.queue.count(true),
    owed: store.owed.count(),
  };
}
