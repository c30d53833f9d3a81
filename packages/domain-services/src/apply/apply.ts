import type { FeedItem } from '@causeway/contract';
import { keyOf } from '../person.ts';
import type { ApplyContext } from './apply-context.ts';
import { discard } from './discard.ts';
import { settlePage } from './settle-page.ts';
import { startPage } from './start-page.ts';
import type { PreparedItem } from './task.ts';
import { writePage } from './write-page.ts';

/**
 * Writes the users of a page to the managed domain, and the result to the ledger. Every step may be repeated: a process that is killed here
 * sees the page again.
 * @returns users that failed for a reason of their own, to be retried
 * @throws CausewayError 'directory-unavailable': the page can be applied again
 */
export async function applyItems(
  context: ApplyContext,
  prepared: readonly PreparedItem[],
): Promise<FeedItem[]> {
  const failed: FeedItem[] = [];
  try {
    for (const page of withoutRepeats(prepared)) {
      const tasks = await startPage(context, page);
      await writePage(context, tasks);
      failed.push(...(await settlePage(context, tasks)));
    }
  } finally {
    discard(prepared);
  }
  return failed;
}

/** Splits the items into pages without repeated users: a user's second item is decided on the result of the first. */
function* withoutRepeats(items: readonly PreparedItem[]): Generator<PreparedItem[]> {
  let page = new Map<string, PreparedItem>();
  for (const item of items) {
    const key = keyOf(item.verified.person);
    if (page.has(key)) {
      yield [...page.values()];
      page = new Map();
    }
    page.set(key, item);
  }
  if (page.size > 0) yield [...page.values()];
}
