import { faultPoint } from '@causeway/service';
import { writeInBulk } from './bulk.ts';
import type { LedgerEntry } from './ledger.ts';
import { type ApplyContext, discard, type Task } from './task.ts';

/** From this many writes on, `ldbmodify` is quicker than one operation after the other. */
const BULK_FROM = 50;

/**
 * Writes what was planned into the directory, and wipes it. What comes to be is in the ledger as an intent, on the disk, before
 * this yields for the first time.
 * @throws CausewayError 'directory-unavailable'
 */
export async function writePage(context: ApplyContext, tasks: readonly Task[]): Promise<void> {
  try {
    await writePlans(context, tasks);
  } finally {
    discard(tasks);
  }
  faultPoint('domain.after-write');
}

/** Whether a task gives an account other names than the ledger knows before the task is settled. */
export function changesNames({ entry, plan }: Task): boolean {
  if (!entry || !plan) return false;
  const { next } = plan;
  return entry.samAccountName !== next.samAccountName || entry.userPrincipalName !== next.userPrincipalName;
}

/** Whether a page is written by `ldbmodify`. */
export function isBulk(tasks: readonly Task[]): boolean {
  return tasks.filter(task => task.plan !== undefined).length >= BULK_FROM;
}

async function writePlans(context: ApplyContext, tasks: readonly Task[]): Promise<void> {
  const { ledger, directory, ldbModify, log } = context;
  const planned = tasks.filter(task => task.plan !== undefined);
  if (planned.length === 0) return;
  const made = planned.filter(({ plan }) => plan!.write.kind === 'add');
  // The intent is on the disk before the account is: what is found with this mark later is ours.
  ledger.transaction(() => {
    for (const { entry, plan } of made) ledger.save(intentOf(entry, plan!.next));
  });
  faultPoint('domain.before-write');
  const writes = planned.map(({ plan }) => plan!.write);
  if (isBulk(planned)) {
    const slow = (users: number, reason: string) =>
      log.warn({ users, reason }, 'ldbmodify does not take the batch: written one by one');
    const results = await writeInBulk(ldbModify, writes, write => directory.write(write), slow);
    planned.forEach((task, i) => {
      task.result = results[i]!;
    });
  } else {
    for (const task of planned) task.result = await directory.write(task.plan!.write);
  }
}

/** What the ledger says of an account between its plan and its being there: pins and names, nothing written. */
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
