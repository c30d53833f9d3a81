import type { Send } from '@causeway/api';
import type { Bell } from '@causeway/service';
import type { ApplyContext } from '../apply/apply-context.ts';
import { trustOf } from '../pairing/trust.ts';
import type { Retries } from './retries.ts';

/** All that the feed is followed with. */
export interface FeedContext extends Omit<ApplyContext, 'trust'> {
  send: Send;
  /** Whether the tenant takes something, as it said last. */
  reads: (name: string) => boolean;
  retries: Retries;
  /** Ends the wait for news. */
  bell: Bell;
}

/** With what is trusted now. */
export const applyContext = (context: FeedContext): ApplyContext => ({
  ...context,
  trust: trustOf(context.ledger),
});
