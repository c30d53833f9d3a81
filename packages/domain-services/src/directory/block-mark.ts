import type { Block } from '../ledger/block-book.ts';
import type { Person } from '../person.ts';
import type { Values } from './attributes.ts';

/**
 * Where a block stands on the account itself, so that a ledger that was lost or is older than the block learns of it. The schema lets
 * administrators alone write it, and lets everybody in the domain read it: the reason is not in it.
 */
export const MARK_ATTRIBUTE = 'adminDescription';

const BEGINNING = 'blocked by Causeway';
const MARK = /^blocked by Causeway since (\S+): (\S+) of (\S+);/;

/** What finds every mark. */
export const MARK_FILTER = `(${MARK_ATTRIBUTE}=${BEGINNING}*)`;

/** The attribute that shows the block on the account. */
export function blockMark({ since, anchor, forest }: Pick<Block, 'since' | keyof Person>): Values {
  const text = `${BEGINNING} since ${since}: ${anchor} of ${forest}; only 'causeway domain unblock' ends it`;
  return { [MARK_ATTRIBUTE]: [text] };
}

/** Whether the attribute holds a mark of ours, and no text of an administrator. */
export const isBlockMark = (text: string): boolean => text.startsWith(BEGINNING);

/** What a mark says; undefined where somebody has changed it, so that it says no more than that there is a block. */
export function readBlockMark(text: string): (Person & { since: string }) | undefined {
  const [, since = '', anchor = '', forest = ''] = MARK.exec(text) ?? [];
  return Number.isNaN(Date.parse(since)) ? undefined : { since, anchor, forest };
}
