import type { Done } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';

/** Older than every record, so that whoever is told of after all comes back. */
const BEFORE_ALL = 0;

/**
 * Has the accounts of a forest deleted that are disabled because no record of them came: where the forest is gone for good, nobody else
 * says that they are. They count with all other deletions, so many of them wait for an approval of their list.
 * @throws CausewayError 'none-unclaimed'
 */
export function deleteUnclaimed(ledger: Ledger, forest: string): Done {
  return ledger.transaction(() => {
    const entries = ledger.accounts
      .unclaimed()
      .filter(
        one => one.forest === forest && ledger.problems.of(one).some(({ code }) => code === 'unclaimed'),
      );
    if (entries.length === 0) {
      const text = `no account of ${forest} is disabled because no record of it came: see 'causeway domain status'`;
      throw new CausewayError('none-unclaimed', text, { status: 404 });
    }
    for (const entry of entries) {
      ledger.accounts.save({ ...entry, deleteSequence: BEFORE_ALL });
      const detail = `${entry.samAccountName} of ${forest}, of which no record came`;
      ledger.audit.add({ action: 'delete-unclaimed', subject: entry.anchor, detail });
    }
    return {
      message: `${entries.length} accounts of ${forest} are to be deleted; if they are too many, they wait: causeway domain deletions --forest '${forest}'`,
    };
  });
}
