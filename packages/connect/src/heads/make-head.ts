import { signHead } from '@causeway/records';
import type { Comparison } from '../comparison/comparison.ts';
import type { ConnectorContext } from '../context.ts';
import { cycledSince, type LastCycles, lastCycles, type Reading } from '../store/comparing/last-cycles.ts';
import { reserveSequences } from '../store/sequence.ts';

/**
 * Whether this process knows the forest's state. It does once cycles that ended after its start have imported and exported the objects
 * of all domains and read the passwords, and what the tenant had lost was sent again. Otherwise a Connect with restored state would
 * vouch for the users of that day. Does not wait for what an administrator switched off.
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
 * The forest's head: what the tenant has acknowledged so far, signed for the managed domain. Undefined before the first
 * cycle of each domain has ended, because Connect does not know yet what should be there.
 *
 * @param says for a managed domain newer than the first release: what this Connect reads, and whether the head lists groups
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
