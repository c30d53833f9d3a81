import { type PasswordOrder, type Verdict, Withdrawal } from '@causeway/contract';
import { sql } from 'kysely';
import { json } from '../database/json.ts';
import { orderColumns } from '../people/password-order.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type Holder, holderFor, loadHolders } from './password-holders.ts';
import { provisionBatch } from './provision-batch.ts';
import { checkRecord, type Said } from './record-check.ts';
import { applied, parseItems, refused, unchanged } from './verdicts.ts';

/** An item that has passed all checks without the database, with its record's content. */
interface Checked {
  readonly item: Withdrawal;
  readonly said: Said & { readonly passwordOrder: PasswordOrder };
}

interface Write extends ReturnType<typeof orderColumns> {
  id: string;
  record: string;
  sequence: number;
  changed_seq: number;
  /** Null for a user whose password was withdrawn before: then the record is only sent again, and waits behind what is new. */
  news_seq: number | null;
}

/**
 * Withdraws passwords, and keeps the order and sequence of each withdrawal, also for a user without a password: so no older password
 * can follow. Idempotent; one verdict per item, in the order of the items.
 */
export async function provisionWithdrawals(
  agent: Agent,
  forest: string,
  changes: readonly unknown[],
): Promise<Verdict[]> {
  const checked = parseItems(Withdrawal, changes).map(item =>
    'verdict' in item ? item : check(item, agent, forest),
  );
  return provisionBatch(agent, checked, async (inside, work, nextChange) => {
    const wanted = work.map(({ item, said }) => ({ anchor: item.sourceAnchor, sequence: said.sequence }));
    const holders = await loadHolders(inside, forest, wanted);
    const plan = decideWithdrawals(holders, work, nextChange);
    await write(inside, plan.writes);
    return plan.verdicts;
  });
}

function check(item: Withdrawal, agent: Agent, forest: string): Checked | Verdict {
  const { sourceAnchor } = item;
  const said = checkRecord(item.record, {
    kind: 'withdrawal',
    tenant: agent.scope.tenantId,
    forest,
    sourceAnchor,
    signerKeyId: agent.signingKeyId,
  });
  if ('differs' in said)
    return refused(sourceAnchor, 'record-mismatch', `the signed record says another ${said.differs}`);
  return { item, said: { ...said, passwordOrder: said.passwordOrder! } };
}

/** Decides what each item does, in order, against the users as earlier items left them. Pure. */
export function decideWithdrawals(
  holders: readonly Holder[],
  items: readonly Checked[],
  nextChange: () => number,
): { verdicts: Verdict[]; writes: Write[] } {
  const byAnchor = new Map(holders.map(holder => [holder.source_anchor, { ...holder }]));
  const writes = new Map<string, Write>();
  const decide = ({ item, said }: Checked): Verdict => {
    const anchor = item.sourceAnchor;
    const { sequence, passwordOrder } = said;
    const holder = holderFor(anchor, byAnchor.get(anchor), { ...said, record: item.record });
    if ('verdict' in holder) return holder;
    if (holder.withdrawn && sequence === holder.password_sequence) return unchanged(anchor);
    const earlier = writes.get(holder.id);
    const change = nextChange();
    writes.set(holder.id, {
      id: holder.id,
      ...orderColumns(passwordOrder),
      record: item.record,
      sequence,
      changed_seq: change,
      news_seq: holder.withdrawn ? (earlier?.news_seq ?? null) : change,
    });
    const now = { has_credential: false, withdrawn: true, order: passwordOrder, record: item.record };
    Object.assign(holder, now, { credential_sequence: sequence, password_sequence: sequence });
    return applied(anchor);
  };
  return { verdicts: items.map(decide), writes: [...writes.values()] };
}

async function write(inside: TenantScope, rows: readonly Write[]): Promise<void> {
  if (rows.length === 0) return;
  await inside.run(
    tenantId => sql`
      update users set
        cloud_credential = null,
        credential_change_date = null,
        credential_received_at = null,
        order_epoch = r.order_epoch,
        order_version = r.order_version,
        order_time = r.order_time,
        order_invocation_id = r.order_invocation_id,
        credential_record = r.record,
        encapsulation_id = null,
        credential_sequence = r.sequence,
        password_sequence = r.sequence,
        credential_record_received_at = ${inside.now()},
        changed_seq = r.changed_seq,
        news_seq = coalesce(r.news_seq, users.news_seq),
        legacy_sequence = null,
        legacy_outcome = null,
        legacy_reason = null,
        legacy_reported_at = null,
        legacy_applied_at = null
      from jsonb_to_recordset(${json(rows)}) as r (id uuid, order_epoch bigint, order_version bigint, order_time bigint,
        order_invocation_id uuid, record text, sequence bigint, changed_seq bigint, news_seq bigint)
      where users.tenant_id = ${tenantId} and users.id = r.id`,
  );
}
