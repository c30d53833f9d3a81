import { covers, mergeVectors, readUpToDateVector, type UpToDateVector } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import type { ConnectorStore } from '../store/store.ts';
import { hasSeveral } from './controllers-of.ts';

// If a connector has several domain controllers, the current one may know less than was read from another. What it says of a user may
// be older or newer than what Connect has. Only the change itself shows which, compared with the vector of what was read.

/** The current domain controller knows less than was read before. */
export interface Lag {
  /** ISO 8601. */
  since: string;
  /** Connect skipped something that it said, or imported everything from it. Once it has caught up, everything is imported again. */
  importOwed: boolean;
}

type Lagging = Pick<ConnectorContext, 'store' | 'connector'>;

/** The lag that the last import found. Undefined if the domain controller has everything that was read, or is the only one. */
export function lagOf({ store, connector }: Lagging): Lag | undefined {
  return hasSeveral(connector) ? storedLag(store) : undefined;
}

function storedLag({ cursors }: Pick<ConnectorStore, 'cursors'>): Lag | undefined {
  const stored = cursors.get('lag');
  return stored === undefined ? undefined : (JSON.parse(stored) as Lag);
}

/** What all domain controllers together knew when they were read. */
export function readVector({ cursors }: Pick<ConnectorStore, 'cursors'>): UpToDateVector {
  return JSON.parse(cursors.get('read-vector') ?? '[]') as UpToDateVector;
}

/** Notes what a domain controller knew when objects were read. Call it in the transaction that stores the position of the import. */
export function noteRead({ cursors }: Pick<ConnectorStore, 'cursors'>, vector: UpToDateVector): void {
  cursors.set('read-vector', JSON.stringify(mergeVectors(readVector({ cursors }), vector)));
}

/** Has what was skipped imported once the domain controller has caught up. */
export function oweImport({ cursors }: Pick<ConnectorStore, 'cursors'>): void {
  const lag = storedLag({ cursors });
  if (lag !== undefined) cursors.set('lag', JSON.stringify({ ...lag, importOwed: true } satisfies Lag));
}

/**
 * Checks before an import whether the domain controller knows everything that was read. Once it does again, has what it lacked imported.
 * @returns undefined if it does, or if it is the only domain controller
 */
export async function judgeLag(
  { store, connector }: Lagging,
  ldap: LdapConnection,
  namingContext: string,
): Promise<Lag | undefined> {
  const before = storedLag(store);
  if (!hasSeveral(connector)) {
    // There were several. Accept the remaining one as it is, and stop tracking its vector.
    if (store.cursors.get('read-vector') !== undefined) {
      store.db.transaction(() => {
        store.cursors.set('read-vector', undefined);
        endLag(store, before);
      });
    }
    return undefined;
  }
  const { vector } = await readUpToDateVector(ldap, namingContext);
  if (!covers(vector, readVector(store))) {
    if (before !== undefined) return before;
    const lag: Lag = { since: store.db.timestamp(), importOwed: false };
    const text = `the domain controller of '${connector.name}' has not got all that was read before: until it has, it deletes nobody and opens nobody; if what it lacks is lost for good: causeway connect accept-dc '${connector.name}'`;
    store.db.transaction(() => {
      store.cursors.set('lag', JSON.stringify(lag));
      store.events.add('domainControllerLags', connector.name, text);
    });
    return lag;
  }
  if (before !== undefined) {
    store.db.transaction(() => {
      endLag(store, before);
      const then = before.importOwed ? '; everything is imported anew' : '';
      const text = `the domain controller of '${connector.name}' has all that was read before${then}`;
      store.events.add('domainControllerCaughtUp', connector.name, text);
    });
  }
  return undefined;
}

function endLag({ cursors }: Pick<ConnectorStore, 'cursors'>, lag: Lag | undefined): void {
  cursors.set('lag', undefined);
  if (lag?.importOwed) cursors.set('dirsync-cookie', undefined);
}
