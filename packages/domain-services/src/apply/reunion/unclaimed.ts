import { CLOUD_FOREST } from '@causeway/records';
import type { Log } from '@causeway/service';
import { controlValues } from '../../directory/attributes.ts';
import type { ManagedDirectory } from '../../directory/managed-directory.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { refuse } from '../../refusals.ts';

/**
 * Whether everything that a forest had in the beginning has come: a head was compared once. For cloud-only users, of whom there are no
 * heads, from the first end of the feed.
 */
export function isReadOnce(ledger: Ledger, forest: string): boolean {
  return forest === CLOUD_FOREST
    ? ledger.state.get('caughtUpAt') !== undefined
    : ledger.heads.isCompared(forest);
}

/**
 * Disables the accounts that the ledger found in the directory and that no record of the feed is about, and says so: whose they were has
 * left, perhaps, while nobody remembered them. To be called at the end of the feed. They stay until a signed deletion comes, or an
 * administrator has them deleted.
 * @throws CausewayError 'directory-unavailable'
 */
export async function disableUnclaimed({
  ledger,
  directory,
  log,
}: {
  ledger: Ledger;
  directory: Pick<ManagedDirectory, 'ensure'>;
  log: Log;
}): Promise<void> {
  for (const entry of ledger.accounts.unclaimed()) {
    const { forest, anchor, managedGuid, deleteSequence } = entry;
    // What came and was not written is told already: it is not certain that they have left.
    if (deleteSequence !== null || !isReadOnce(ledger, forest) || ledger.problems.of(entry).length > 0)
      continue;
    const result = await directory.ensure(managedGuid!, controlValues(false));
    if (!result.ok) {
      log.warn(
        { forest, anchor, reason: result.reason },
        'cannot disable an account that no record describes',
      );
      continue;
    }
    const { code, reason, sequence, acceptable } = refuse('unclaimed', 0);
    ledger.problems.save({
      ...{ forest, anchor, verified: true, kind: 'account', outcome: 'waiting', code, reason },
      ...{ sequence, acceptable, at: ledger.timestamp() },
    });
    log.warn({ forest, anchor }, 'no record describes this account; disabled it');
  }
}
