import { CallError, callIfServed, type Send } from '@causeway/api';
import {
  GroupFeedItem,
  GroupFeedPage,
  type GroupFeedQuery,
  MAX_PAGE,
  synchronizedGroupRoutes,
} from '@causeway/contract';
import { z } from 'zod';

/** The page itself; each record is checked on its own, so that a bad one costs only itself. */
const Page = GroupFeedPage.extend({ items: z.array(z.unknown()).max(MAX_PAGE) });
const ROUTE = { ...synchronizedGroupRoutes.readGroupChanges, reply: Page };

/** A page of the feed, and how many of its records are not as agreed. */
export interface ReadGroups extends Omit<GroupFeedPage, 'items'> {
  items: GroupFeedItem[];
  unreadable: number;
}

/**
 * A page of the tenant's feed of groups; one that is larger than answers may be comes in smaller ones. Undefined of a tenant that has no
 * such feed. @throws CallError
 */
export async function readGroupFeed(
  send: Send,
  query: GroupFeedQuery,
  signal: AbortSignal,
): Promise<ReadGroups | undefined> {
  for (let limit = query.limit; ; limit = Math.ceil(limit / 4)) {
    try {
      const page = await callIfServed(send, ROUTE, { query: { ...query, limit }, signal });
      if (page === undefined) return undefined;
      const parsed = page.items.map(item => GroupFeedItem.safeParse(item));
      const items = parsed.flatMap(one => (one.success ? [one.data] : []));
      return { ...page, items, unreadable: page.items.length - items.length };
    } catch (error) {
      if (limit === 1 || !(error instanceof CallError) || error.code !== 'answer-too-large') throw error;
    }
  }
}
