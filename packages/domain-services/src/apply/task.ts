import type { FeedItem, Profile } from '@causeway/contract';
import type { AccountRecord, openCredentialRecord } from '@causeway/records';
import type { WriteResult } from '../directory/write.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Decision } from './decide.ts';
import type { TakenNames } from './names/page-names.ts';
import type { Plan } from './plan.ts';
import type { VerifiedItem } from './verified-item.ts';

/** A user whose signatures are checked and whose sealed part is opened, before anything is decided. */
export interface PreparedItem {
  item: FeedItem;
  verified: VerifiedItem;
  /** Only for credentials newer than the ledger. Secret: the holder of the item wipes it with `discard`. */
  opened: Awaited<ReturnType<typeof openCredentialRecord>> | undefined;
}

/** One user on its way through a page. */
export interface Task extends PreparedItem {
  entry: LedgerEntry | undefined;
  decision: Decision;
  /** The profile beside an account record, if it fits (`fittingProfile`). */
  profile?: Profile | undefined;
  /** Only for a new account. */
  taken?: TakenNames;
  /** The account existed before, and could not be restored. */
  madeAnew?: boolean;
  /** Contains secret values, which are wiped once they are written. */
  plan?: Plan;
  result?: WriteResult;
}

/** The record that creates or changes the account. */
export function upsertOf({ decision: { account } }: Task): AccountRecord | undefined {
  return account.kind === 'upsert' ? account.record : undefined;
}

/** The record that creates the account; undefined once it exists. Restoring an account changes the entry, and so the answer. */
export function createdBy(task: Task): AccountRecord | undefined {
  return task.entry?.managedGuid == null ? upsertOf(task) : undefined;
}
