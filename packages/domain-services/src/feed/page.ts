import type { PreparedItem, Task } from '../apply/task.ts';
import { keyOf } from '../person.ts';
import type { Unreadable } from './read-feed.ts';

/** A page of the feed on its way into the directory. */
export interface Page {
  items: PreparedItem[];
  /** Planned while the page before it was written; absent where that would have been too early. */
  tasks?: Task[];
  unreadable: Unreadable[];
  cursor: string;
  more: boolean;
  /** Of what comes after it, some is new, and was there when it was read. */
  moreNew: boolean;
  /** When it was asked for, and when it was there, by the ledger's monotonic clock. */
  askedAt: number;
  readAt: number;
}

/** Everybody in it can sign in already, or is not to. */
export function repeatsOnly({ tasks }: Page): boolean {
  return tasks?.every(({ entry }) => entry?.hasCredential || entry?.withdrawn) === true;
}

/** Somebody is in it twice. */
export function hasRepeats(items: readonly PreparedItem[]): boolean {
  return new Set(items.map(({ verified }) => keyOf(verified.person))).size < items.length;
}
