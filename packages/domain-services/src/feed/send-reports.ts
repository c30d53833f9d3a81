import { call } from '@causeway/api';
import { type DomainReport, FOREST_REPORT, GROUP_REPORT, managedDomainRoutes } from '@causeway/contract';
import { groupReports } from '../groups/group-reports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { storable } from '../ledger/outbox.ts';
import type { FeedContext } from './feed-context.ts';

const MAX_REPORTS = 1000;
/** Groups per call: the members of each have to be counted. */
const MAX_GROUPS = 100;

/** Some of what the tenant has not acknowledged. */
interface Queued {
  reports: readonly DomainReport[];
  /** Removes them, because the tenant has acknowledged them. */
  drop: () => void;
}

/** Reports about users, as they were stored with the change. @returns undefined when nothing is queued */
function ofPeople({ outbox }: Ledger): Queued | undefined {
  const queued = outbox.first(MAX_REPORTS);
  if (queued.length === 0) return undefined;
  return { reports: queued.map(({ report }) => report), drop: () => outbox.drop(queued.at(-1)!.id) };
}

/** Reports about groups, as they are now. */
function ofGroups(ledger: Ledger): Queued | undefined {
  const groups = ledger.unreportedGroups.first(MAX_GROUPS);
  if (groups.length === 0) return undefined;
  return {
    reports: groups.flatMap(group => groupReports(ledger, group)).map(storable),
    drop: () => ledger.transaction(() => ledger.unreportedGroups.drop(groups)),
  };
}

/** Reports to the tenant what became of its users and groups: all that is queued in the ledger. @throws CallError */
export async function sendReports(
  { ledger, send, reads }: Pick<FeedContext, 'ledger' | 'send' | 'reads'>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    // A tenant of the previous release rejects members and kinds that it does not know, so reports about groups wait for its upgrade.
    const queued = ofPeople(ledger) ?? (reads(GROUP_REPORT) ? ofGroups(ledger) : undefined);
    if (queued === undefined) return;
    const withForest = reads(FOREST_REPORT);
    const reports = queued.reports.map(({ forest, ...report }) =>
      withForest && forest !== undefined ? { ...report, forest } : report,
    );
    if (reports.length > 0)
      await call(send, managedDomainRoutes.reportApplied, { body: { reports }, signal });
    queued.drop();
  }
}
