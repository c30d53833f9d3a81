import {
  covers,
  importedUpTo,
  mergeVectors,
  type ReplicationCookie,
  readUpToDateVector,
  type UpToDateVector,
} from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import type { Restore } from '../store/directory/restores.ts';
import type { ConnectorStore } from '../store/store.ts';
import { readVector } from './lag.ts';

type Restoring = Pick<ConnectorContext, 'store' | 'connector'>;

/** Stores what a domain controller says of itself. Notes a restore if that shows one. */
export function noteRestore(context: Restoring, usn: bigint, invocationId: string | undefined): void {
  const { store } = context;
  const before = { usn: store.cursors.get('usn'), invocationId: store.cursors.get('invocation-id') };
  const reason = whyRestored(before, { usn, invocationId });
  if (reason === undefined && before.usn === String(usn) && invocationId === before.invocationId) return;
  store.db.transaction(() => {
    if (reason !== undefined) markRestored(context, reason, { usn, invocationId });
    store.cursors.set('usn', String(usn));
    store.cursors.set('invocation-id', invocationId);
  });
}

/** Why what a domain controller says of itself shows a restore. Undefined if it does not. */
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

/**
 * Drops all cookies, so that Connect reads everything again. What revokes a sign-in counts at once. What would enable or create an
 * account by older state waits until the domain controller has caught up, or an administrator accepts the restored forest.
 */
export function markRestored(
  { store, connector }: Restoring,
  reason: string,
  now: { usn: bigint; invocationId: string | undefined },
): void {
  const read = readBefore(store);
  const goesBack = ({ invocationId, usn }: UpToDateVector[number]): boolean =>
    invocationId === now.invocationId && BigInt(usn) > now.usn;
  const wentBack = store.restores.pending()?.wentBack === true || read.some(goesBack);
  // Changes that it makes from now on are new, whatever USNs it used before.
  const known = read.map(cursor => (goesBack(cursor) ? { ...cursor, usn: String(now.usn) } : cursor));
  const { server, name } = connector;
  const restore: Restore = { since: store.db.timestamp(), server, reason, read: known, wentBack };
  store.db.transaction(() => {
    store.restores.setPending(restore);
    store.cursors.set('dirsync-cookie', undefined);
    store.cursors.set('replication-cookie', undefined);
    const text = `full cycle: ${server} was restored or replaced (${reason}); the watermark is dropped. What is older there than what was read before opens nobody`;
    store.events.add('fullCycle', name, text);
  });
}

/** What was read of the forest so far. Call it before the cookies are dropped. */
function readBefore(store: ConnectorStore): UpToDateVector {
  const { restores, cursors } = store;
  const passwords = cursors.get('replication-cookie');
  const objects = importedUpTo(cursors.get('dirsync-cookie') ?? '');
  const [invocationId, usn] = [cursors.get('invocation-id'), cursors.get('usn')];
  return [
    // If it was restored a second time before anybody accepted, what was read before the first time still counts.
    restores.pending()?.read ?? [],
    readVector(store),
    passwords === undefined ? [] : (JSON.parse(passwords) as ReplicationCookie).upToDateVector,
    objects === undefined ? [] : [objects],
    invocationId !== undefined && usn !== undefined ? [{ invocationId, usn }] : [],
  ].reduce(mergeVectors);
}

/**
 * Checks before an import whether changes still have to wait. A domain controller that has everything that was read before lost
 * nothing, and counts like any other from then on.
 * @returns undefined if it has everything, or if none was restored
 */
export async function judgeRestore(
  { store, connector }: Restoring,
  ldap: LdapConnection,
  namingContext: string,
): Promise<Restore | undefined> {
  const restore = store.restores.pending();
  if (restore === undefined || restore.wentBack) return restore;
  const { vector } = await readUpToDateVector(ldap, namingContext);
  if (!covers(vector, restore.read)) return restore;
  store.db.transaction(() => {
    endRestore(store);
    const text = `the domain controller of '${connector.name}' has all that was read before it was restored or replaced: it counts as it is`;
    store.events.add('restoreOver', connector.name, text);
  });
  return undefined;
}

/** Ends the waiting, and has the objects that waited imported again. */
export function endRestore({ restores, cursors }: ConnectorStore): void {
  if (restores.count('opening') > 0) cursors.set('dirsync-cookie', undefined);
  restores.releaseAll('opening');
  restores.setPending(undefined);
}

/** Runs at the end of a cycle. Reports once what waits, or ends the restore if everything was read and nothing is older. */
export function concludeRestore({ store, connector }: Restoring): void {
  const { restores, cursors, settings, events } = store;
  const restore = restores.pending();
  if (restore === undefined) return;
  const isRead = (cursor: 'dirsync-cookie' | 'replication-cookie') => cursors.get(cursor) !== undefined;
  if (!isRead('dirsync-cookie') || (settings.passwordSync && !isRead('replication-cookie'))) return;
  const [older, opening] = [restores.count('password'), restores.count('opening')];
  const { name } = connector;
  store.db.transaction(() => {
    if (older + opening === 0) {
      endRestore(store);
      const text = `nothing that ${restore.server} says is older than what was read before it was restored or replaced`;
      events.add('restoreOver', name, text);
      return;
    }
    if (restore.told) return;
    restores.setPending({ ...restore, told: true });
    const text = `ALARM: ${restore.server} was restored: ${older} passwords there are older than the tenant's, and ${opening} accounts that were closed or deleted since would open again. All of them wait. If the whole forest was restored: causeway connect accept-restore --connector '${name}'`;
    events.add('alarm', name, text);
  });
}
