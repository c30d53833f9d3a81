import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Block } from '../ledger/block-book.ts';
import type { Person } from '../person.ts';
import type { Values } from './attributes.ts';

/**
 * The attribute in which our accounts say whose they are, and whether that user is blocked. A ledger that was lost or is older than the
 * account learns it from there. The schema lets only administrators write it and lets everybody in the domain read it, so the reason of a
 * block is not in it.
 */
export const MARK_ATTRIBUTE = 'adminDescription';

const MADE = 'made by Causeway';
/** Finds the groups that say they are ours. */
export const OUR_GROUPS = `(&(objectClass=group)(${MARK_ATTRIBUTE}=${MADE}*))`;
const BLOCKED = 'blocked by Causeway';
const MARK =
  /^(?:made by Causeway|blocked by Causeway since (\S+)): (\S+) of (\S+);(?: objectGUID ([0-9a-f-]{36});)?/;

/** Finds every mark of a block. */
export const BLOCK_FILTER = `(${MARK_ATTRIBUTE}=${BLOCKED}*)`;

/** The content of a mark. */
export interface AccountMark extends Person {
  /** The user's objectGUID on-premises; undefined in the mark of a block by an earlier release. */
  objectGuid: string | undefined;
  /** ISO 8601: since when the user is blocked; undefined if they are not. */
  blockedSince: string | undefined;
}

/** The mark of an account: whose it is, and the block that holds for that user. */
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

/** Reads a mark; undefined if it is not ours, or was changed so that it names nobody. */
export function readAccountMark(text: string): AccountMark | undefined {
  const [, since, anchor = '', forest = '', objectGuid] = MARK.exec(text) ?? [];
  if (anchor === '' || (since !== undefined && Number.isNaN(Date.parse(since)))) return undefined;
  return { anchor, forest, objectGuid, blockedSince: since };
}
