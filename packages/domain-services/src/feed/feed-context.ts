import type { Send } from '@causeway/api';
import type { Bell } from '@causeway/service';
import type { ApplyContext } from '../apply/apply-context.ts';
import { trustOf } from '../pairing/trust.ts';
import type { Retries } from './retries.ts';

/** What following the feed needs. */
export interface FeedContext extends Omit<ApplyContext, 'trust'> {
  send: Send;
  /** Whether the tenant accepts something, by its last answer. */
  reads: (name: string) => boolean;
  retries: Retries;
  /** Ends the wait for news. */
  bell: Bell;
}

/** The same, with the keys that are trusted now. */
export const applyContext = (context: FeedContext): ApplyContext => ({
  ...context,
  trust: trustOf(context.ledger),
});
