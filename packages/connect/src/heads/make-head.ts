import { signHead } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { reserveSequences } from '../store/sequence.ts';

/**
 * The forest's head: what the tenant has acknowledged until now, signed for the managed domain. Undefined before the
 * first cycle is through: until then nobody knows what should be there.
 *
 * @param reads what this Connect reads; said only to a managed domain that takes a head that says it
 */
export function makeHead(
  { store, agent, connector }: ConnectorContext,
  reads?: readonly string[],
): string | undefined {
  if (store.cursors.get('last-password-cycle-at') === undefined) return undefined;
  // One transaction: the sequence is larger than that of every record in it.
  return store.db.transaction(() => {
    const summary = store.heads.summary();
    const sequence = reserveSequences(store.db, 1);
    const { tenantId: tenant, signingKey } = agent;
    const time = store.db.timestamp();
    return signHead(signingKey, { tenant, forest: connector.forest, sequence, time, ...summary, reads });
  });
}
