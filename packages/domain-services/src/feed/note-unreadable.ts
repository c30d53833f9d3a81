import { REASONS } from '../refusals.ts';
import type { FeedContext } from './feed-context.ts';
import type { Unreadable } from './read-feed.ts';

/** Lists users whose item is malformed. They are read again later, or at the next start. */
export function noteUnreadable(
  { ledger, log, retries }: Pick<FeedContext, 'ledger' | 'log' | 'retries'>,
  unreadable: readonly Unreadable[],
): void {
  if (unreadable.length === 0) return;
  const at = ledger.timestamp();
  ledger.transaction(() => {
    for (const { person, reason } of unreadable) {
      if (person === undefined) continue;
      const problem = {
        ...person,
        kind: 'account',
        outcome: 'failed',
        code: 'malformed',
        sequence: 0,
        at,
      } as const;
      ledger.problems.saveUnverified({
        ...problem,
        reason: `${REASONS.malformed} (${reason})`,
        acceptable: null,
      });
    }
  });
  log.warn({ users: unreadable.length, reason: unreadable[0]!.reason }, 'cannot read users in the feed');
  retries.everybodyLater();
}
