import type { FeedItem } from '@causeway/contract';
import { wipeKeys } from '@causeway/credentials';
import type { AccountRecord, CredentialSecret, openCredentialRecord, SealingKey } from '@causeway/records';
import type { Log } from '@causeway/service';
import type { Growth } from '../configuration.ts';
import { wipeValues } from '../directory/attributes.ts';
import type { LdbModify } from '../directory/ldb-modify.ts';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import type { WriteResult } from '../directory/write.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../names/protected.ts';
import type { Trust } from '../pairing/trust.ts';
import type { Decision } from './decide.ts';
import type { TakenNames } from './page-names.ts';
import type { Plan } from './plan.ts';
import type { VerifiedItem } from './verified-item.ts';

/** All that a page is written with. */
export interface ApplyContext {
  ledger: Ledger;
  directory: ManagedDirectory;
  ldbModify: LdbModify;
  domain: ManagedDomain;
  sealingKey: SealingKey;
  tenant: string;
  trust: Trust;
  /** What too many new accounts lead to; an alarm when absent. */
  growth?: Growth;
  log: Log;
}

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

/** Wipes what is secret in items or tasks, written or not. */
export function discard(items: readonly (PreparedItem | Task)[]): void {
  for (const item of items) {
    if (item.opened?.ok) wipe(item.opened);
    if ('plan' in item && item.plan) wipeValues(item.plan.write.values);
  }
}

function wipe(secret: CredentialSecret): void {
  secret.ntHash.fill(0);
  if (secret.kerberosKeys) wipeKeys(secret.kerberosKeys);
}
