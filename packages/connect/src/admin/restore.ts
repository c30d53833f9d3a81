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

/** How many people of each kind are named. */
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

/** What waits until the administrator says that the forest was restored. Undefined if nothing waits. */
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
 * Accepts the forest as it was restored, and begins a new epoch. In it the forest's passwords, though older, are newer than all
 * that was sent before. Connect then imports everything and sends everybody's password again. Call it while no cycle runs.
 *
 * The epoch comes from the counter that numbers signed records. Even if this state is lost, that counter never falls below a used number.
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
  // The epoch comes first, outside the transaction: after a kill in between the administrator accepts once more.
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

/** A tenant or managed domain that does not know epochs would reject every password from now on. */
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
