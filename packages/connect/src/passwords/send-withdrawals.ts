import { isDone, type Verdict } from '@causeway/contract';
import { signWithdrawal } from '@causeway/records';
import { faultPoint } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import type { Run } from '../runs/run.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import { reserveSequences } from '../store/sequence.ts';
import { noteRefusal } from './note-refusal.ts';
import type { Sending } from './password-channel.ts';
import type { Withdraw } from './password-decision.ts';
import { quarantine } from './quarantine.ts';

export interface WithdrawalItem {
  holder: PasswordHolder;
  withdrawal: Withdraw;
}

/**
 * Signs and sends one batch of withdrawals, and stores the verdicts in one transaction. Its users are no longer owed anything.
 *
 * @returns how many of them the tenant now has
 * @throws CallError if the tenant did not answer; then nothing of the batch is acknowledged
 */
export async function sendWithdrawals(
  context: ConnectorContext,
  all: readonly WithdrawalItem[],
  { fullPass, run }: Sending,
): Promise<number> {
  const { store, tenant, connector } = context;
  const made = signAll(context, all, run);
  if (made.length === 0) return 0;
  faultPoint('connect.before-send');
  const verdicts = await tenant.exportWithdrawals(
    connector.forest,
    made.map(({ holder, record }) => ({ sourceAnchor: holder.anchor, record })),
  );
  faultPoint('connect.after-send');
  return store.runs.transaction(() => {
    const taken = made.filter((item, i) => applyVerdict(context, item, verdicts[i]!, { fullPass, run }));
    if (fullPass !== undefined) store.passes.progress(fullPass, taken.length);
    faultPoint('connect.before-commit');
    return taken.length;
  });
}

interface Made extends WithdrawalItem {
  record: string;
  sequence: number;
}

/** A withdrawal that no record can hold fails alone. */
function signAll(context: ConnectorContext, items: readonly WithdrawalItem[], run: Run | undefined): Made[] {
  const { store, agent, connector } = context;
  const first = reserveSequences(store.db, items.length, store.runs.along);
  return items.flatMap((item, i) => {
    const { holder, withdrawal } = item;
    try {
      const record = signWithdrawal(agent.signingKey, {
        tenant: agent.tenantId,
        forest: connector.forest,
        sourceAnchor: holder.anchor,
        objectGuid: holder.guid,
        sequence: first + i,
        passwordOrder: withdrawal.order,
        reason: withdrawal.reason,
      });
      return [{ ...item, record, sequence: first + i }];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const decision = { status: 'Error', code: 'invalid', reason: error.message } as const;
      quarantine(context, holder.guid, holder, decision, run);
      return [];
    }
  });
}

function applyVerdict(
  context: ConnectorContext,
  { holder, withdrawal, sequence }: Made,
  verdict: Verdict,
  { fullPass, run }: Sending,
): boolean {
  const { store, connector } = context;
  if (!isDone(verdict)) {
    noteRefusal(context, holder, verdict, run);
    return false;
  }
  run?.count('deletes');
  const { order, reason, detail } = withdrawal;
  store.passwords.withdraw(holder.guid, { order, recordSequence: sequence, reason, detail, fullPass });
  store.queue.settle('password', holder.guid);
  store.owed.remove(holder.guid);
  const text = `Password Withdrawal Result - Anchor : ${holder.anchor}, Dn : ${holder.dn}, Reason : ${reason}, Result : Success.`;
  store.events.add('withdrawn', connector.name, text);
  return true;
}
