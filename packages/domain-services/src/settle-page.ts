import type { DomainReport, FeedItem } from '@causeway/contract';
import { faultPoint } from '@causeway/service';
import { noteCreated } from './creations.ts';
import type { Ledger, RecordKind } from './ledger.ts';
import { forgotten, planDeletion, rememberWithdrawal } from './plan.ts';
import { refuse } from './refusals.ts';
import type { ApplyContext, Task } from './task.ts';

/**
 * Puts down in the ledger what became of a page that is written, in one transaction, with its reports.
 * @returns users that failed for a reason of their own: to be tried again
 */
export async function settlePage(context: ApplyContext, tasks: readonly Task[]): Promise<FeedItem[]> {
  await findMade(context, tasks);
  const failed = settle(context, tasks);
  faultPoint('domain.after-ledger');
  return failed;
}

/** The objectGUIDs of the accounts that were made: only the directory knows them. */
async function findMade({ directory }: ApplyContext, tasks: readonly Task[]): Promise<void> {
  const made = tasks.filter(({ plan }) => plan?.write.kind === 'add');
  if (made.length === 0) return;
  const guids = await directory.findMade(
    made.map(({ plan }) => ({ nonce: plan!.next.nonce!, samAccountName: plan!.next.samAccountName })),
  );
  for (const task of made) {
    const guid = guids.get(task.plan!.next.nonce!);
    if (guid !== undefined) task.plan!.next.managedGuid = guid;
    else if (task.result!.ok) {
      task.result = { ok: false, gone: false, reason: 'the account was made and is not found again' };
    }
  }
}

function settle({ ledger, log }: ApplyContext, tasks: readonly Task[]): FeedItem[] {
  const failed: FeedItem[] = [];
  const at = new Date().toISOString();
  ledger.transaction(() => {
    for (const task of tasks) {
      const { item, entry, decision, plan, result } = task;
      const failure = result?.ok === false ? result : undefined;
      if (plan && !failure) ledger.save(plan.next);
      if (plan?.write.kind === 'add' && !failure) noteCreated(ledger, plan.next.anchor, plan.next.forest);
      if (failure?.gone && entry) ledger.save(forgotten(entry));
      const { account } = decision;
      if (account.kind === 'delete' || account.kind === 'bury') {
        ledger.save(planDeletion(entry, account.record, new Date(at)));
      }
      const { credential } = decision;
      if (credential.kind === 'remember') {
        ledger.save(rememberWithdrawal(ledger.entry(item.sourceAnchor), credential.record));
      }
      if (
        failure ||
        [account, decision.credential].some(d => d.kind === 'refused' && d.code === 'name-taken')
      ) {
        failed.push(item);
      }
      for (const kind of ['account', 'credential'] as const) {
        const report = outcomeOf(ledger, task, kind, at, failure);
        if (!report) continue;
        ledger.queueReports([report]);
        if (report.outcome === 'failed') {
          log.warn({ anchor: item.sourceAnchor, kind, reason: report.reason }, 'not written; tried again');
        }
      }
    }
  });
  return failed;
}

/** The report of one record; refusals and failures are kept in the ledger until the record is written. */
function outcomeOf(
  ledger: Ledger,
  { item, verified, entry, decision }: Task,
  kind: RecordKind,
  now: string,
  failure: { reason: string } | undefined,
): DomainReport | undefined {
  const anchor = item.sourceAnchor;
  const decided = decision[kind];
  const one = decided.kind === 'remember' ? refuse('no-account', decided.record.sequence) : decided;
  const forest = verified[kind]?.ok ? verified[kind].record.forest : null;
  const report = (
    outcome: DomainReport['outcome'],
    sequence: number,
    reason: string | null = null,
    at = now,
  ): DomainReport => ({
    ...{ sourceAnchor: anchor, kind, sequence, outcome, at },
    reason,
  });
  switch (one.kind) {
    case 'absent':
      return undefined;
    case 'delete': // reported once it is made
      return undefined;
    case 'unchanged': {
      ledger.clearProblem(anchor, kind);
      const written = kind === 'account' ? entry?.accountAt : entry?.credentialAt;
      return report('unchanged', one.sequence, null, written ?? now);
    }
    case 'refused':
    case 'waiting': {
      const outcome = one.code === 'name-taken' ? 'failed' : one.kind;
      const { code, reason, acceptable, sequence } = one;
      ledger.saveProblem({ anchor, forest, kind, outcome, code, reason, acceptable, sequence, at: now });
      return report(outcome, sequence, `${code}: ${reason}`);
    }
    default: {
      const { sequence } = one.record;
      if (!failure) {
        ledger.clearProblem(anchor, kind);
        return report('applied', sequence);
      }
      const { reason } = failure;
      const problem = { anchor, forest, kind, code: 'failed', reason, sequence, at: now } as const;
      ledger.saveProblem({ ...problem, outcome: 'failed', acceptable: null });
      return report('failed', sequence, reason);
    }
  }
}
