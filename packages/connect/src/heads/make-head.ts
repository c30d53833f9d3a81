import { signHead } from '@causeway/records';
import type { Comparison } from '../comparison/comparison.ts';
import type { ConnectorContext } from '../context.ts';
import { cycledSince, type LastCycles, type Reading } from '../store/comparing/last-cycles.ts';
import { reserveSequences } from '../store/sequence.ts';

/**
 * Whether this process knows what the forest says: its objects were imported and exported, and its passwords read, by cycles that
 * ended after it had started; and what the tenant had lost by then was sent again. One whose state was restored would vouch for the
 * people of that day otherwise. What an administrator switched off is not waited for.
 *
 * @param before the last cycles when the process started
 */
export function knowsForest(
  { store }: ConnectorContext,
  reading: Reading,
  before: LastCycles,
  comparison: Pick<Comparison, 'isWorkedOff'>,
): boolean {
  return cycledSince(store, reading, before) && comparison.isWorkedOff(reading);
}

/**
 * The forest's head: what the tenant has acknowledged until now, signed for the managed domain. Undefined before the
 * first cycle is through: until then nobody knows what should be there.
 *
 * @param says beyond the first release, to a managed domain that takes a head that says it: what this Connect reads, and whether groups are told of
 */
export function makeHead(
  { store, agent, connector }: ConnectorContext,
  says: { reads?: readonly string[]; groups?: boolean } = {},
): string | undefined {
  if (store.cursors.get('last-password-cycle-at') === undefined) return undefined;
  // One transaction: the sequence is larger than that of every record in it.
  return store.db.transaction(() => {
    const summary = store.heads.summary();
    const sequence = reserveSequences(store.db, 1);
    const { tenantId: tenant, signingKey } = agent;
    const time = store.db.timestamp();
    const groups = says.groups ? store.groupHeads.summary() : {};
    const ofForest = { tenant, forest: connector.forest, sequence, time };
    return signHead(signingKey, { ...ofForest, ...summary, ...groups, reads: says.reads });
  });
}
