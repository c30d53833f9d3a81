import { signHead } from '@causeway/records';
import type { Comparison } from '../comparison/comparison.ts';
import type { ConnectorContext } from '../context.ts';
import { cycledSince, type LastCycles, lastCycles, type Reading } from '../store/comparing/last-cycles.ts';
import { reserveSequences } from '../store/sequence.ts';

/**
 * Whether this process knows what the forest says: the objects of all of its domains were imported and exported, and its passwords read, by
 * cycles that ended after it had started; and what the tenant had lost by then was sent again. One whose state was restored would vouch for the
 * people of that day otherwise. What an administrator switched off is not waited for.
 *
 * @param before the last cycles of each domain when the process started
 */
export function knowsForest(
  { domains }: ConnectorContext,
  reading: Reading,
  before: readonly LastCycles[],
  comparison: Pick<Comparison, 'isWorkedOff'>,
): boolean {
  const areRead = domains.every(({ store }, i) => cycledSince(store, reading, before[i]!));
  return areRead && comparison.isWorkedOff(reading);
}

/**
 * The forest's head: what the tenant has acknowledged until now, signed for the managed domain. Undefined before the
 * first cycle of each domain is through: until then nobody knows what should be there.
 *
 * @param says beyond the first release, to a managed domain that takes a head that says it: what this Connect reads, and whether groups are told of
 */
export function makeHead(
  { store, agent, connector, domains }: ConnectorContext,
  says: { reads?: readonly string[]; groups?: boolean } = {},
): string | undefined {
  if (domains.some(domain => lastCycles(domain.store).passwords === undefined)) return undefined;
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
