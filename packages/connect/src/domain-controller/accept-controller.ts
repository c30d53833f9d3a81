import { readUpToDateVector } from '@causeway/active-directory';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import type { DomainController } from './domain-controller.ts';
import { lagOf, oweImport } from './lag.ts';

/**
 * Accepts the current domain controller's state as it is, after another one was lost for good with changes that it had not replicated.
 * The next import takes all of it. Call it while no cycle runs.
 *
 * @throws CausewayError 'other-domain-controller' or 'nothing-to-accept'
 */
export async function acceptController(
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
  if (lagOf(context) === undefined) {
    const text = `the domain controller '${server}' of '${connector.name}' lags behind no other one`;
    throw new CausewayError('nothing-to-accept', text);
  }
  const namingContext = await controller.namingContext();
  const { vector } = await readUpToDateVector(await controller.ldap(), namingContext);
  store.db.transaction(() => {
    store.cursors.set('read-vector', JSON.stringify(vector));
    oweImport(store);
    const text = `the domain controller '${server}' of '${connector.name}' counts as it is, as ${caller} has confirmed: what only another one knew is undone`;
    store.events.add('domainControllerLags', connector.name, text);
  });
}
