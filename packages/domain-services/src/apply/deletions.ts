import type { BulkLine, BulkList, Log } from '@causeway/service';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import type { WriteResult } from '../directory/write.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import { canStillSignIn, nameOf } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { reportedPerson } from '../person.ts';
import { REASONS } from '../refusals.ts';
import { deleted } from './plan.ts';

export interface DeletionContext {
  ledger: Ledger;
  directory: ManagedDirectory;
  threshold: number;
  log: Log;
}

/** How many users an alarm names. */
const NAMED = 10;

interface Line extends BulkLine {
  entry: LedgerEntry;
}

export const deletionsOf = (forest: string): BulkList => ({
  scope: forest,
  operation: 'delete',
  kind: 'user',
});

/**
 * INVARIANT: nothing is deleted in bulk by surprise. Carries out the pending deletions once the feed is read to its end. If a forest has
 * more than the limit, only those go that an administrator approved, and not even the first of the others.
 */
export async function applyDeletions(context: DeletionContext): Promise<void> {
  const { ledger, threshold } = context;
  const pending = Map.groupBy(ledger.accounts.pendingDeletes(), ({ forest }) => forest);
  const forests = new Set([...pending.keys(), ...ledger.bulk.scopes('delete')]);
  if (forests.size === 0) return;
  const objects = ledger.accounts.countByForest();
  for (const forest of forests) {
    const list = deletionsOf(forest);
    const lines = (pending.get(forest) ?? []).map(entry => ({
      ...{ anchor: entry.anchor, change: String(entry.deleteSequence), entry },
    }));
    const counts = { objects: objects.get(forest) ?? 0, threshold };
    const { go, approved, held, fresh, limit } = ledger.bulk.decideDeletions(
      list,
      lines,
      counts,
      ledger.now(),
    );
    if (fresh.length > 0) tellHeld(context, forest, { held, fresh, limit });
    for (const { entry } of [...approved, ...go]) await deleteOne(context, list, entry);
    if (approved.length + go.length > 0)
      ledger.bulk.noteObjects(list, ledger.accounts.countByForest().get(forest) ?? 0, ledger.now());
  }
}

async function deleteOne(
  { ledger, directory, log }: DeletionContext,
  list: BulkList,
  entry: LedgerEntry,
): Promise<void> {
  const { forest, anchor, managedGuid, nonce } = entry;
  const sequence = entry.deleteSequence!;
  const result: WriteResult =
    managedGuid === null || nonce === null
      ? { ok: false, gone: true, reason: '' }
      : await directory.delete(managedGuid, nonce);
  const now = ledger.now();
  const at = now.toISOString();
  const common = { ...reportedPerson(entry), kind: 'account', sequence, at } as const;
  if (result.ok || result.gone) {
    ledger.transaction(() => {
      ledger.accounts.save(deleted(entry, now));
      ledger.problems.clear(entry, 'account');
      ledger.bulk.noteWent(list, anchor, now);
      ledger.outbox.add([{ ...common, outcome: 'applied', reason: null }]);
    });
    return;
  }
  const { reason } = result;
  const problem = {
    forest,
    anchor,
    verified: true,
    kind: 'account',
    outcome: 'failed',
    code: 'failed',
  } as const;
  ledger.transaction(() => {
    ledger.problems.save({ ...problem, reason, sequence, at, acceptable: null });
    ledger.outbox.add([{ ...common, outcome: 'failed', reason }]);
  });
  log.warn({ forest, anchor, reason }, 'cannot delete an account; retrying');
}

/** Raises an alarm about deletions that are held for the first time, keeps each as a problem, and reports it. */
function tellHeld(
  { ledger, log }: DeletionContext,
  forest: string,
  { held, fresh, limit }: { held: Line[]; fresh: Line[]; limit: number },
): void {
  const at = ledger.timestamp();
  const code = 'deletion-threshold';
  const look = `causeway domain deletions --forest '${forest}'`;
  const reason = `${REASONS[code]} (${held.length} wait, ${limit} are allowed; they wait until you have looked at them: ${look})`;
  ledger.transaction(() => {
    for (const { entry } of fresh) {
      const common = { kind: 'account', outcome: 'waiting', sequence: entry.deleteSequence!, at } as const;
      const { anchor } = entry;
      ledger.problems.save({ ...common, forest, anchor, verified: true, code, reason, acceptable: null });
      ledger.outbox.add([{ ...common, ...reportedPerson(entry), reason: `${code}: ${reason}` }]);
    }
  });
  const names = held.flatMap(({ entry }) => (canStillSignIn(ledger, entry) ? [nameOf(entry)] : []));
  log.error(
    { forest, waiting: held.length, limit, stillSigningIn: names.length, named: names.slice(0, NAMED) },
    `ALARM: deletions are held, and deleted people can still sign in; to review them: ${look}`,
  );
}
