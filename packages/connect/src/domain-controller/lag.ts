import { covers, mergeVectors, readUpToDateVector, type UpToDateVector } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import type { ConnectorStore } from '../store/store.ts';
import { hasSeveral } from './controllers-of.ts';

// Where a connector has several domain controllers, one that is read after another may know less than was read from that one. What it
// says of somebody is then older than what was believed, or newer: only the change itself tells, by the vector of what was read.

/** The domain controller that is read knows less than was read before. */
export interface Lag {
  /** ISO 8601. */
  since: string;
  /** Something that it said was passed over, or all was imported from it: when it lags no more, all is imported anew. */
  importOwed: boolean;
}

type Lagging = Pick<ConnectorContext, 'store' | 'connector'>;

/** As the last import found it; undefined: the domain controller has all that was read, or there is only one. */
export function lagOf({ store, connector }: Lagging): Lag | undefined {
  return hasSeveral(connector) ? storedLag(store) : undefined;
}

function storedLag({ cursors }: Pick<ConnectorStore, 'cursors'>): Lag | undefined {
  const stored = cursors.get('lag');
  return stored === undefined ? undefined : (JSON.parse(stored) as Lag);
}

/** What the domain controllers knew when they were read, all together. */
export function readVector({ cursors }: Pick<ConnectorStore, 'cursors'>): UpToDateVector {
  return JSON.parse(cursors.get('read-vector') ?? '[]') as UpToDateVector;
}

/** Objects were read from a domain controller that knows this by now. Called in the transaction that stores how far they are. */
export function noteRead({ cursors }: Pick<ConnectorStore, 'cursors'>, vector: UpToDateVector): void {
  cursors.set('read-vector', JSON.stringify(mergeVectors(readVector({ cursors }), vector)));
}

/** What was passed over is imported when the domain controller lags no more. */
export function oweImport({ cursors }: Pick<ConnectorStore, 'cursors'>): void {
  const lag = storedLag({ cursors });
  if (lag !== undefined) cursors.set('lag', JSON.stringify({ ...lag, importOwed: true } satisfies Lag));
}

/**
 * Finds out before an import whether the domain controller knows all that was read. When it does again, what it lacked is imported.
 * @returns undefined when it does, and where there is only one domain controller
 */
export async function judgeLag(
  { store, connector }: Lagging,
  ldap: LdapConnection,
  namingContext: string,
): Promise<Lag | undefined> {
  const before = storedLag(store);
  if (!hasSeveral(connector)) {
    // There were several: the one that is left counts as it is, and its vector is not followed any more.
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
