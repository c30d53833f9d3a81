import { CallError, callIfServed, type Send } from '@causeway/api';
import {
  GroupFeedItem,
  GroupFeedPage,
  type GroupFeedQuery,
  MAX_PAGE,
  synchronizedGroupRoutes,
} from '@causeway/contract';
import { z } from 'zod';

/** The page itself. Each record is checked separately, so that a malformed one affects no other. */
const Page = GroupFeedPage.extend({ items: z.array(z.unknown()).max(MAX_PAGE) });
const ROUTE = { ...synchronizedGroupRoutes.readGroupChanges, reply: Page };

/** A page of the feed, and how many of its records are malformed. */
export interface ReadGroups extends Omit<GroupFeedPage, 'items'> {
  items: GroupFeedItem[];
  unreadable: number;
}

/**
 * Reads a page of the tenant's feed of groups. If it exceeds the size limit of an answer, asks for smaller ones. Undefined if the tenant
 * has no such feed. @throws CallError
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
