import type { FeedItem, Profile } from '@causeway/contract';
import type { AccountRecord, openCredentialRecord } from '@causeway/records';
import type { WriteResult } from '../directory/write.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Decision } from './decide.ts';
import type { TakenNames } from './names/page-names.ts';
import type { Plan } from './plan.ts';
import type { VerifiedItem } from './verified-item.ts';

/** A user whose signatures are checked and whose sealed part is open, before anything is decided. */
export interface PreparedItem {
  item: FeedItem;
  verified: VerifiedItem;
  /** Of credentials newer than the ledger. Secret: whoever holds the item wipes it by `discard`. */
  opened: Awaited<ReturnType<typeof openCredentialRecord>> | undefined;
}

/** One user on its way through a page. */
export interface Task extends PreparedItem {
  entry: LedgerEntry | undefined;
  decision: Decision;
  /** The one beside an account's record, if it fits (`fittingProfile`). */
  profile?: Profile | undefined;
  /** Of an account that is to be made. */
  taken?: TakenNames;
  /** It was there before, and could not be restored. */
  madeAnew?: boolean;
  /** Secret values in it: wiped when they are written. */
  plan?: Plan;
  result?: WriteResult;
}

/** The record by which an account is made or changed. */
export function upsertOf({ decision: { account } }: Task): AccountRecord | undefined {
  return account.kind === 'upsert' ? account.record : undefined;
}

/** The record by which an account is made, as long as there is none: restoring one changes the entry. */
export function createdBy(task: Task): AccountRecord | undefined {
  return task.entry?.managedGuid == null ? upsertOf(task) : undefined;
}
