import { isRepeat } from '../apply/plan.ts';
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

/** Nothing in it is new. */
export function repeatsOnly({ tasks }: Page): boolean {
  return tasks?.every(({ entry, decision }) => isRepeat(entry, decision)) === true;
}

/** A user is in it twice. */
export function hasRepeats(items: readonly PreparedItem[]): boolean {
  return new Set(items.map(({ verified }) => keyOf(verified.person))).size < items.length;
}
