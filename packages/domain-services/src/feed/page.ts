import type { PreparedItem, Task } from '../apply/task.ts';
import { keyOf } from '../person.ts';
import type { Unreadable } from './read-feed.ts';

/** A page of the feed on its way into the directory. */
export interface Page {
  items: PreparedItem[];
  /** Planned while the previous page was written; absent where that would have been too early. */
  tasks?: Task[];
  unreadable: Unreadable[];
  cursor: string;
  more: boolean;
  /** At the time of reading, something new stood behind this page. */
  moreNew: boolean;
  /** When it was requested, and when it arrived, by the ledger's monotonic clock. */
  askedAt: number;
  readAt: number;
}

/** Every user in it can sign in already, or must not. */
export function repeatsOnly({ tasks }: Page): boolean {
  return tasks?.every(({ entry }) => entry?.hasCredential || entry?.withdrawn) === true;
}

/** A user is in it twice. */
export function hasRepeats(items: readonly PreparedItem[]): boolean {
  return new Set(items.map(({ verified }) => keyOf(verified.person))).size < items.length;
}
