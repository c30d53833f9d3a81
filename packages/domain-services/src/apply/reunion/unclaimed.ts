import { CLOUD_FOREST } from '@causeway/records';
import type { Log } from '@causeway/service';
import { controlValues } from '../../directory/attributes.ts';
import type { ManagedDirectory } from '../../directory/managed-directory.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { refuse } from '../../refusals.ts';

/**
 * Whether everything that a forest had in the beginning has come, which the first comparison with a head shows. Cloud-only users have no
 * heads: for them the first end of the feed counts.
 */
export function isReadOnce(ledger: Ledger, forest: string): boolean {
  return forest === CLOUD_FOREST
    ? ledger.state.get('caughtUpAt') !== undefined
    : ledger.heads.isCompared(forest);
}

/**
 * Disables and reports the accounts that the ledger found in the directory and that no record of the feed is about: their users may have
 * been deleted while nobody kept track. Call this at the end of the feed. The accounts stay until a signed deletion comes, or an
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
    // A record that came and was not written is reported already. It does not show that the user was deleted.
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
