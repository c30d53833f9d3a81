import type { ConnectorContext } from '../context.ts';
import { EventId } from '../store/events.ts';

/** Stores what a domain controller says of itself. When that means that it was restored, all cookies are dropped, with an event. */
export function noteRestore(
  { store, connector }: Pick<ConnectorContext, 'store' | 'connector'>,
  usn: bigint,
  invocationId: string | undefined,
): void {
  const before = { usn: store.cursors.get('usn'), invocationId: store.cursors.get('invocation-id') };
  const reason = whyRestored(before, { usn, invocationId });
  if (reason === undefined && before.usn === String(usn) && invocationId === before.invocationId) return;
  store.db.transaction(() => {
    if (reason !== undefined) {
      store.cursors.set('dirsync-cookie', undefined);
      store.cursors.set('replication-cookie', undefined);
      const text = `full cycle: ${connector.server} was restored or replaced (${reason}); the watermark is dropped`;
      store.events.add(EventId.fullCycle, 'warn', connector.name, text);
    }
    store.cursors.set('usn', String(usn));
    store.cursors.set('invocation-id', invocationId);
  });
}

/** Why what a domain controller says of itself means that it was restored; undefined: it does not. */
export function whyRestored(
  before: { usn: string | undefined; invocationId: string | undefined },
  now: { usn: bigint; invocationId: string | undefined },
): string | undefined {
  if (before.invocationId !== undefined && before.invocationId !== now.invocationId)
    return `its database is another one: invocation id ${now.invocationId}, before ${before.invocationId}`;
  if (before.usn !== undefined && now.usn < BigInt(before.usn))
    return `its highest USN went back from ${before.usn} to ${now.usn}`;
  return undefined;
}
