import { CallError, call, type Send } from '@causeway/api';
import {
  FeedItem,
  FeedPage,
  type FeedQuery,
  Forest,
  MAX_PAGE,
  managedDomainRoutes,
  SourceAnchor,
} from '@causeway/contract';
import { z } from 'zod';
import { type Person, personOf } from '../person.ts';

/** The page itself. Each user is checked separately, so that a malformed one affects nobody else. */
const Page = FeedPage.extend({ items: z.array(z.unknown()).max(MAX_PAGE) });
const ROUTE = { ...managedDomainRoutes.readChanges, reply: Page };

/** Enough of an item to name its user. */
const About = z.object({ forest: Forest.nullable(), sourceAnchor: SourceAnchor });

/** A malformed item; without a person if even that cannot be read. */
export interface Unreadable {
  person: Person | undefined;
  reason: string;
}

/** If a page exceeds the size limit of an answer, asks for smaller ones, down to one user, whose records have a limit each. */
async function readPage(send: Send, query: FeedQuery, signal: AbortSignal) {
  for (let limit = query.limit; ; limit = Math.ceil(limit / 4)) {
    try {
      return await call(send, ROUTE, { query: { ...query, limit }, signal });
    } catch (error) {
      if (limit === 1 || !(error instanceof CallError) || error.code !== 'answer-too-large') throw error;
    }
  }
}

/** A page of the tenant's feed. @throws CallError */
export async function readFeed(send: Send, query: FeedQuery, signal: AbortSignal) {
  const { items, ...page } = await readPage(send, query, signal);
  const users: FeedItem[] = [];
  const unreadable: Unreadable[] = [];
  for (const item of items) {
    const user = FeedItem.safeParse(item);
    if (user.success) {
      users.push(user.data);
      continue;
    }
    const about = About.safeParse(item);
    const { path, message } = user.error.issues[0]!;
    const person = about.success ? personOf(about.data) : undefined;
    unreadable.push({ person, reason: `${path.join('.') || 'item'}: ${message}`.slice(0, 200) });
  }
  return { ...page, items: users, unreadable };
}
