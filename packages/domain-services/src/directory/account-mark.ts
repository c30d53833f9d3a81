import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Block } from '../ledger/block-book.ts';
import type { Person } from '../person.ts';
import type { Values } from './attributes.ts';

/**
 * Where an account of ours says whose it is, and whether that person is blocked, so that a ledger that was lost or is older than the
 * account learns of it. The schema lets administrators alone write it, and lets everybody in the domain read it: the reason of a
 * block is not in it.
 */
export const MARK_ATTRIBUTE = 'adminDescription';

const MADE = 'made by Causeway';
/** Groups that say that they are ours. */
export const OUR_GROUPS = `(&(objectClass=group)(${MARK_ATTRIBUTE}=${MADE}*))`;
const BLOCKED = 'blocked by Causeway';
const MARK =
  /^(?:made by Causeway|blocked by Causeway since (\S+)): (\S+) of (\S+);(?: objectGUID ([0-9a-f-]{36});)?/;

/** What finds every mark of a block. */
export const BLOCK_FILTER = `(${MARK_ATTRIBUTE}=${BLOCKED}*)`;

/** What a mark says. */
export interface AccountMark extends Person {
  /** Of the person where they come from; undefined in the mark of a block by a release before. */
  objectGuid: string | undefined;
  /** ISO 8601: since when the person is blocked; undefined where nobody blocks them. */
  blockedSince: string | undefined;
}

/** The attribute that shows on an account whose it is, and the block that holds for that person. */
export function accountMark(
  { anchor, forest, objectGuid }: Pick<LedgerEntry, 'objectGuid' | keyof Person>,
  block?: Pick<Block, 'since'>,
): Values {
  const who = `${anchor} of ${forest}; objectGUID ${objectGuid}`;
  const text = block
    ? `${BLOCKED} since ${block.since}: ${who}; only 'causeway domain unblock' ends it`
    : `${MADE}: ${who}; a lost ledger finds the account by this`;
  return { [MARK_ATTRIBUTE]: [text] };
}

/** What a mark says; undefined of what is none of ours, or was changed so that it names nobody. */
export function readAccountMark(text: string): AccountMark | undefined {
  const [, since, anchor = '', forest = '', objectGuid] = MARK.exec(text) ?? [];
  if (anchor === '' || (since !== undefined && Number.isNaN(Date.parse(since)))) return undefined;
  return { anchor, forest, objectGuid, blockedSince: since };
}
