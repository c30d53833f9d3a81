import { signHead } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { reserveSequences } from '../store/sequence.ts';

/** Of the scheduler: whether objects are read without anybody asking. */
export interface Reading {
  readonly automatic: boolean;
}

/** The last cycles that ended, by their times; for comparing alone, as clocks go back. */
export interface LastCycles {
  readonly objects: string | undefined;
  readonly passwords: string | undefined;
}

export function lastCycles({ store: { cursors } }: ConnectorContext): LastCycles {
  return { objects: cursors.get('last-object-cycle-at'), passwords: cursors.get('last-password-cycle-at') };
}

/**
 * Whether this process knows what the forest says: its objects were imported and exported, and its passwords read, by cycles that
 * ended after it had started. One whose state was restored would vouch for the people of that day otherwise. What an administrator
 * switched off is not waited for.
 *
 * @param before the last cycles when the process started
 */
export function knowsForest(context: ConnectorContext, { automatic }: Reading, before: LastCycles): boolean {
  const { objects, passwords } = lastCycles(context);
  if (automatic && objects === before.objects) return false;
  return !context.store.settings.passwordSync || passwords !== before.passwords;
}

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
