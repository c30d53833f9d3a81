import { faultPoint } from '@causeway/service';
import { BULK_FROM, writeInBulk } from '../directory/ldb/bulk.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { claimsOf, type Slot } from '../names/naming.ts';
import type { ApplyContext } from './apply-context.ts';
import { lookAgain } from './blocks.ts';
import { discard } from './discard.ts';
import { newAccount } from './names/page-names.ts';
import { wantedNames, withNames } from './plan.ts';
import { type Task, upsertOf } from './task.ts';

/**
 * Writes the plans to the directory, and wipes them. The ledger has every new account as an intent, on disk, before this yields for the
 * first time.
 * @throws CausewayError 'directory-unavailable'
 */
export async function writePage(context: ApplyContext, tasks: readonly Task[]): Promise<void> {
  try {
    await writePlans(context, tasks);
  } catch (error) {
    lookAgain(context.ledger, tasks);
    throw error;
  } finally {
    discard(tasks);
  }
  faultPoint('domain.after-write');
}

/** Whether a task changes what the ledger says about the names of an account that it knows. It does so when the page is settled. */
export function changesNames({ entry, decision: { account } }: Task): boolean {
  const record = account.kind === 'upsert' || account.kind === 'unchanged' ? account.record : undefined;
  if (!entry || !record) return false;
  const { wantedName, wantedPrincipal } = wantedNames(record);
  const back = entry.deletedAt !== null && !record.deleted;
  return back || entry.wantedName !== wantedName || entry.wantedPrincipal !== wantedPrincipal;
}

/** Whether a page is written with `ldbmodify`. */
export function isBulk(tasks: readonly Task[]): boolean {
  return tasks.filter(task => task.plan !== undefined).length >= BULK_FROM;
}

async function writePlans(context: ApplyContext, tasks: readonly Task[]): Promise<void> {
  const { ledger, directory, ldbModify, log } = context;
  const planned = tasks.filter(task => task.plan !== undefined);
  if (planned.length === 0) return;
  const made = planned.filter(({ plan }) => plan!.write.kind === 'add');
  // The intent is on disk before the account exists, so an account found later with this mark is ours.
  ledger.transaction(() => {
    for (const task of made) saveIntent(ledger, task, task.taken!.owned, task.taken!.due);
  });
  faultPoint('domain.before-write');
  const writes = planned.map(({ plan }) => plan!.write);
  const slow = (users: number, reason: string) =>
    log.warn({ users, reason }, 'ldbmodify rejected a batch; writing its users one by one');
  const results = await writeInBulk(ldbModify, writes, write => directory.write(write), slow);
  planned.forEach((task, i) => {
    task.result = results[i]!;
  });
  for (const task of made) if (!task.result!.ok && task.result!.refused) await makeNameless(context, task);
}

/** Gives an account that the directory rejects names that nobody has. Its own names are tried separately afterwards. */
async function makeNameless({ ledger, directory }: ApplyContext, task: Task): Promise<void> {
  const standIn = task.taken!.standIn();
  const claims = claimsOf(newAccount(upsertOf(task)!, task.entry), { realm: directory.realm });
  task.plan = withNames(task.plan!, standIn, directory.users);
  task.taken = { ...task.taken!, names: standIn, problems: [], due: claims.map(({ slot }) => slot) };
  ledger.transaction(() => {
    saveIntent(ledger, task, [], task.taken!.due);
    ledger.names.save(task.plan!.next, task.plan!.next);
  });
  task.result = await directory.write(task.plan.write);
}

function saveIntent(
  ledger: Ledger,
  { entry, plan }: Task,
  owned: readonly Slot[],
  due: readonly Slot[],
): void {
  const { next } = plan!;
  ledger.accounts.save(intentOf(entry, next));
  // A user who was here before gets the names of the new account.
  if (entry) ledger.names.save(next, next);
  for (const slot of owned) ledger.names.setOwner({ slot, forest: next.forest, releasedAt: null });
  ledger.names.touch(due);
}

/** The ledger's entry of an account between its plan and its creation: pins and names, nothing written. */
function intentOf(entry: LedgerEntry | undefined, next: LedgerEntry): LedgerEntry {
  return {
    ...next,
    accountSequence: entry?.accountSequence ?? null,
    credentialSequence: entry?.credentialSequence ?? null,
    passwordOrder: entry?.passwordOrder ?? null,
    hasCredential: false,
    withdrawn: false,
    accountAt: entry?.accountAt ?? null,
    credentialAt: entry?.credentialAt ?? null,
  };
}
