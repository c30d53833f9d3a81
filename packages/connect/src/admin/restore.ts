import { readUpToDateVector } from '@causeway/active-directory';
import type { Handlers } from '@causeway/api';
import {
  type connectAdministrationRoutes,
  EPOCH_RECORDS,
  isReadBy,
  type RestoreState,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { hasSeveral } from '../domain-controller/controllers-of.ts';
import type { DomainController } from '../domain-controller/domain-controller.ts';
import { readsWith, signedReads } from '../pairing/signed-reads.ts';
import { reserveSequences } from '../store/sequence.ts';
import type { Connect } from '../sync/connect.ts';
import { forestConnector } from './connectors.ts';

type Routes = Pick<typeof connectAdministrationRoutes, 'getRestore' | 'acceptRestore'>;

/** People that are named of each kind. */
const NAMED = 20;

export function restoreHandlers(connect: Connect, nudge: () => void): Handlers<Routes, string> {
  return {
    getRestore: ({ params }) => {
      const { context, controller } = forestConnector(connect, params.name);
      return { restore: restoreState(context, controller.connector) ?? null };
    },
    acceptRestore: async ({ params, body }, caller) => {
      const connector = forestConnector(connect, params.name);
      const { context, controller, name } = connector;
      await connector.betweenCycles(() =>
        acceptRestore(context, controller, { server: body.server, caller }),
      );
      nudge();
      return { connector: name, epoch: context.store.restores.epoch };
    },
  };
}

/** What waits for the word that the forest was restored; undefined: nothing does. */
export function restoreState(
  { store, connector }: Pick<ConnectorContext, 'store' | 'connector'>,
  { server }: { server: string },
): RestoreState | undefined {
  const { restores, cursors, settings } = store;
  const pending = restores.pending();
  const olderPasswords = restores.count('password');
  if (pending === undefined && olderPasswords === 0) return undefined;
  const { since = null, reason = null } = pending ?? {};
  const objectsRead = cursors.get('dirsync-cookie') !== undefined;
  const passwordsRead = cursors.get('replication-cookie') !== undefined || !settings.passwordSync;
  return {
    ...{ connector: connector.name, forest: connector.forest, server, since, reason },
    ...{ olderPasswords, older: restores.names('password', NAMED) },
    ...{ openings: restores.count('opening'), opening: restores.names('opening', NAMED) },
    complete: objectsRead && passwordsRead,
  };
}

/**
 * The forest was restored, as its administrator says: it counts as it is, and begins a new epoch, so that its passwords, though older,
 * are newer than all that was sent before. Everything is imported, and everybody's password is sent once more. Called while no cycle runs.
 *
 * The epoch is of the counter that numbers what is signed, which no loss of this state takes back below what was used.
 *
 * @throws CausewayError 'other-domain-controller', 'nothing-to-accept', 'tenant-too-old' or 'domain-too-old'
 */
export async function acceptRestore(
  context: ConnectorContext,
  controller: DomainController,
  { server, caller }: { server: string; caller: string },
): Promise<void> {
  const { store, connector } = context;
  const current = controller.connector.server;
  if (current !== server) {
    const text = `'${connector.name}' reads the domain controller '${current}', not '${server}' as was confirmed; nothing was changed`;
    throw new CausewayError('other-domain-controller', text);
  }
  if (restoreState(context, controller.connector) === undefined) {
    const text = `'${server}' of '${connector.name}' was not restored, and has no password that is older than the tenant's`;
    throw new CausewayError('nothing-to-accept', text);
  }
  await checkReaders(context);
  const { vector } = hasSeveral(connector)
    ? await readUpToDateVector(await controller.ldap(), await controller.namingContext())
    : { vector: undefined };
  // First, and not in the database: a kill in between has the administrator say it once more.
  store.restores.raise(reserveSequences(store.db, 1));
  store.db.transaction(() => {
    store.restores.setPending(undefined);
    store.restores.releaseAll('opening');
    store.restores.releaseAll('password');
    for (const cursor of ['dirsync-cookie', 'lag'] as const) store.cursors.set(cursor, undefined);
    store.cursors.set('read-vector', vector && JSON.stringify(vector));
    store.passes.request(true);
    const text = `the forest ${connector.forest} counts as it was restored at '${server}', as ${caller} has confirmed: epoch ${store.restores.epoch}; everything is read and everybody's password is sent once more`;
    store.events.add('directoryConfirmed', connector.name, text);
  });
}

/** Who does not know of epochs would refuse every password from here on. */
async function checkReaders({ store, tenant }: ConnectorContext): Promise<void> {
  const { accepts, domainAccepts, windowsCredentialsSyncConfig } = await tenant.configuration(true);
  const reads = (names: readonly string[]) => EPOCH_RECORDS.every(name => isReadBy(names, name));
  if (!reads(readsWith(store, accepts))) {
    const text =
      'the tenant is of a release that does not know passwords of a restored forest; nothing was changed';
    throw new CausewayError('tenant-too-old', text);
  }
  if (
    windowsCredentialsSyncConfig.domain !== null &&
    !reads([...(domainAccepts ?? []), ...signedReads(store)])
  ) {
    const text =
      'Domain Services is of a release that does not know passwords of a restored forest; nothing was changed';
    throw new CausewayError('domain-too-old', text);
  }
}
