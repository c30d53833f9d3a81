import type { TenantStatus } from '@causeway/contract';
import { peekHead, peekReceipt } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { lockCounter } from '../changes/change-counter.ts';
import { refuseStaging } from '../clients/staging.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

type Kind = 'head' | 'receipt';

/**
 * Stores the latest head of a forest. Rejects only what no reader would ever believe, to find mistakes early.
 * The managed domain verifies the signature and whether the head is the newest.
 */
export async function storeHead(
  agent: Pick<Agent, 'scope' | 'agentId' | 'signingKeyId'>,
  forest: string,
  head: string,
): Promise<void> {
  const said = peekHead(head);
  const { tenantId } = agent.scope;
  check(said, { tenant: tenantId, forest, signerKeyId: agent.signingKeyId });
  await agent.scope.transaction(async inside => {
    await lockCounter(inside);
    await refuseStaging(inside, agent);
    await store(inside, 'head', forest, head);
  });
}

export async function storeReceipt(scope: TenantScope, forest: string, receipt: string): Promise<void> {
  check(peekReceipt(receipt), { tenant: scope.tenantId, forest });
  await store(scope, 'receipt', forest, receipt);
}

/** @throws CausewayError 'statement-mismatch' */
function check<T extends object>(said: T | undefined, claim: { [K in keyof T]?: T[K] | undefined }): void {
  const differs =
    said === undefined
      ? 'format'
      : Object.keys(claim).find(name => said[name as keyof T] !== claim[name as keyof T]);
  if (differs === undefined) return;
  throw new CausewayError('statement-mismatch', `what is signed says another ${differs}`);
}

async function store(scope: TenantScope, kind: Kind, forest: string, statement: string): Promise<void> {
  const values = { statement, received_at: scope.now() };
  await scope
    .insert('statements', { kind, forest, ...values })
    .onConflict(conflict => conflict.columns(['tenant_id', 'kind', 'forest']).doUpdateSet(values))
    .execute();
}

export async function readHeads(
  scope: TenantScope,
  limit: number,
): Promise<{ forest: string; head: string }[]> {
  const rows = await scope
    .select('statements')
    .select(['forest', 'statement'])
    .where('kind', '=', 'head')
    .orderBy('forest')
    .limit(limit)
    .execute();
  return rows.map(({ forest, statement }) => ({ forest, head: statement }));
}

export async function readReceipt(scope: TenantScope, forest: string): Promise<string | null> {
  const row = await scope
    .select('statements')
    .select('statement')
    .where('kind', '=', 'receipt')
    .where('forest', '=', forest)
    .executeTakeFirst();
  return row?.statement ?? null;
}

/** What the statements say, unverified here, for the tenant's own administrators. */
export async function readArrivals(scope: TenantScope): Promise<TenantStatus['arrivals']> {
  const rows = await scope.select('statements').select(['forest', 'kind', 'statement']).execute();
  const forests = [...new Set(rows.map(({ forest }) => forest))].sort();
  return forests.map(forest => {
    const of = (kind: Kind): string =>
      rows.find(row => row.forest === forest && row.kind === kind)?.statement ?? '';
    const head = peekHead(of('head'));
    const receipt = peekReceipt(of('receipt'));
    const groupsNotWritten = receipt?.groupsNotWritten?.length ?? 0;
    return {
      forest,
      head: head ? { time: head.time, accounts: head.accounts, credentials: head.credentials } : null,
      receipt: receipt
        ? {
            time: receipt.time,
            accounts: receipt.accounts,
            credentials: receipt.credentials,
            completeAsOf: receipt.completeAsOf,
            alarmSince: receipt.alarmSince,
            notWritten: receipt.notWritten.length,
            ...(groupsNotWritten > 0 && { groupsNotWritten }),
          }
        : null,
    };
  });
}
