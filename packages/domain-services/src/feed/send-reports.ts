import { call } from '@causeway/api';
import { FOREST_REPORT, managedDomainRoutes } from '@causeway/contract';
import type { FeedContext } from './feed-context.ts';

const MAX_REPORTS = 1000;

/** Tells the tenant what became of its users: all that is queued in the ledger. @throws CallError */
export async function sendReports(
  { ledger, send, reads }: Pick<FeedContext, 'ledger' | 'send' | 'reads'>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const queued = ledger.outbox.first(MAX_REPORTS);
    if (queued.length === 0) return;
    // A tenant of the release before refuses a member that it does not know.
    const withForest = reads(FOREST_REPORT);
    const reports = queued.map(({ report: { forest, ...report } }) =>
      withForest && forest !== undefined ? { ...report, forest } : report,
    );
    await call(send, managedDomainRoutes.reportApplied, { body: { reports }, signal });
    ledger.outbox.drop(queued.at(-1)!.id);
  }
}
