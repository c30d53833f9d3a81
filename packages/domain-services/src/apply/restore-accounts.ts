import { randomUUID } from 'node:crypto';
import { viewOf } from '../ledger/name-book.ts';
import { claimsOf, decideNames } from '../names/naming.ts';
import type { ApplyContext } from './apply-context.ts';
import { newAccount } from './names/page-names.ts';
import { type Task, upsertOf } from './task.ts';

/**
 * Restores the deleted account of a user who comes back, with its SID, while the directory has its tombstone. It is disabled and has a
 * stand-in name. Everything in the user's records is then written as to any account. Where restoring fails, a new account is created.
 */
export async function restoreAccounts(context: ApplyContext, tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) {
    const { entry, decision } = task;
    if (decision.account.kind !== 'upsert' || !entry?.lastManagedGuid) continue;
    if (entry.managedGuid !== null || entry.nonce !== null) continue;
    await restoreAccount(context, task, entry.lastManagedGuid);
  }
}

async function restoreAccount(
  { ledger, directory, domain, log }: ApplyContext,
  task: Task,
  guid: string,
): Promise<void> {
  const entry = task.entry!;
  const { anchor, forest } = entry;
  const wanted = newAccount(upsertOf(task)!, entry);
  const nameless = { ...wanted, wantedName: null, wantedPrincipal: null };
  const { samAccountName } = decideNames(nameless, viewOf(ledger.names, domain.realm), domain);
  const nonce = randomUUID();
  const result = await directory.restore(guid, samAccountName, nonce);
  ledger.transaction(() => {
    if (result.ok) {
      ledger.accounts.save({ ...entry, managedGuid: guid, nonce });
      const { keepsDigits, digitsKey } = entry;
      ledger.names.save(entry, { samAccountName, userPrincipalName: null, keepsDigits, digitsKey });
      // Its forest may want the same names as before.
      ledger.names.touch(claimsOf(wanted, domain).map(({ slot }) => slot));
    } else {
      ledger.audit.add({ action: 'made-anew', subject: anchor, detail: `of ${forest}: ${result.reason}` });
    }
  });
  log.info(
    { forest, anchor, ...(!result.ok && { reason: result.reason }) },
    result.ok ? 'restored an account' : 'created an account anew',
  );
  task.entry = ledger.accounts.of(entry)!;
  if (!result.ok) task.madeAnew = true;
}
