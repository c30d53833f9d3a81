import type { Done } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';
import type { Person } from '../person.ts';

/** Older than every record, so that a user whose record comes after all is restored. */
const BEFORE_ALL = 0;

/**
 * Marks the unclaimed accounts and groups of a forest for deletion. This is for a forest that no longer exists, because nothing else
 * reports its users deleted. They count with all other deletions, so many of them wait for an approval of their list.
 * @throws CausewayError 'none-unclaimed'
 */
export function deleteUnclaimed(ledger: Ledger, forest: string): Done {
  return ledger.transaction(() => {
    const isTold = (one: Person) =>
      one.forest === forest && ledger.problems.of(one).some(({ code }) => code === 'unclaimed');
    const accounts = ledger.accounts.unclaimed().filter(isTold);
    const groups = ledger.groups.unclaimed().filter(isTold);
    if (accounts.length + groups.length === 0) {
      const text = `no account and no group of ${forest} is closed because no record of it came`;
      throw new CausewayError('none-unclaimed', text);
    }
    const note = (subject: string, name: string | null) => {
      const detail = `${name} of ${forest}, of which no record came`;
      ledger.audit.add({ action: 'delete-unclaimed', subject, detail });
    };
    for (const entry of accounts) {
      ledger.accounts.save({ ...entry, deleteSequence: BEFORE_ALL });
      note(entry.anchor, entry.samAccountName);
    }
    for (const entry of groups) {
      ledger.groups.save({ ...entry, deleted: true });
      note(entry.anchor, entry.hasName);
    }
    return {
      message: `${accounts.length} accounts and ${groups.length} groups of ${forest} are to be deleted; if they are too many, they wait: causeway domain deletions --forest '${forest}'`,
    };
  });
}
