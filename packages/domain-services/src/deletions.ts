import type { Log } from '@causeway/service';
import type { ManagedDirectory } from './directory.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { deleted } from './plan.ts';
import { REASONS } from './refusals.ts';
import type { WriteResult } from './write.ts';

export interface DeletionContext {
  ledger: Ledger;
  directory: ManagedDirectory;
  threshold: number;
  log: Log;
}

/** Deletions count together when they come within this time, so that many small portions are no way around. */
const WINDOW_MS = 60 * 60_000;

/**
 * INVARIANT: nothing is deleted in bulk by surprise. Makes the deletions that wait, once the feed is read to its
 * end; when there are more than the threshold and than an administrator allowed, not even the first.
 */
export async function applyDeletions(context: DeletionContext): Promise<void> {
  const { ledger, directory, log } = context;
  const pending = ledger.pendingDeletes();
  if (pending.length === 0) {
    ledger.setState('deletesStopped', '');
    return;
  }
  const recent = ledger.deletedSince(new Date(Date.now() - WINDOW_MS).toISOString());
  const approved = Number(ledger.state('approvedDeletes') ?? 0);
  const overThreshold = pending.length + recent > context.threshold;
  if (overThreshold && pending.length > approved) return stop(context, pending);
  for (const entry of pending) {
    const { anchor } = entry;
    const sequence = entry.deleteSequence!;
    const { managedGuid, nonce } = entry;
    const result: WriteResult =
      managedGuid === null || nonce === null
        ? { ok: false, gone: true, reason: '' }
        : await directory.delete(managedGuid, nonce);
    const at = new Date().toISOString();
    const common = { sourceAnchor: anchor, kind: 'account', sequence, at } as const;
    if (result.ok || result.gone) {
      ledger.transaction(() => {
        ledger.save(deleted(entry, new Date(at)));
        ledger.clearProblem(anchor, 'account');
        if (overThreshold) takeApproval(ledger);
        ledger.queueReports([{ ...common, outcome: 'applied', reason: null }]);
      });
    } else {
      const { reason } = result;
      const problem = {
        anchor,
        forest: entry.forest,
        kind: 'account',
        outcome: 'failed',
        code: 'failed',
        reason,
        sequence,
        at,
      } as const;
      ledger.transaction(() => {
        ledger.saveProblem({ ...problem, acceptable: null });
        ledger.queueReports([{ ...common, outcome: 'failed', reason }]);
      });
      log.warn({ anchor, reason }, 'not deleted; tried again');
    }
  }
  ledger.setState('deletesStopped', '');
}

function takeApproval(ledger: Ledger): void {
  ledger.setState('approvedDeletes', String(Math.max(0, Number(ledger.state('approvedDeletes') ?? 0) - 1)));
}

function stop({ ledger, threshold, log }: DeletionContext, pending: LedgerEntry[]): void {
  const at = new Date().toISOString();
  const known = ledger.state('deletesStopped');
  if (known === String(pending.length)) return;
  const code = 'deletion-threshold';
  const reason = `${REASONS[code]} (${pending.length} wait, ${threshold} are allowed: look at them, then 'causeway domain allow-deletes ${pending.length}')`;
  log.error({ pending: pending.length, threshold }, 'deletions stopped by the threshold');
  ledger.transaction(() => {
    ledger.setState('deletesStopped', String(pending.length));
    for (const { anchor, forest, deleteSequence } of pending) {
      const common = { kind: 'account', outcome: 'waiting', sequence: deleteSequence!, at } as const;
      ledger.saveProblem({ ...common, anchor, forest, code, reason, acceptable: null });
      ledger.queueReports([{ ...common, sourceAnchor: anchor, reason: `${code}: ${reason}` }]);
    }
  });
}
