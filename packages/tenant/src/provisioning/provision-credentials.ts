import { CredentialChange, type Verdict } from '@causeway/contract';
import {
  CLOUD_ITERATIONS,
  comparePasswordOrder,
  isSameWrite,
  parseCloudCredential,
} from '@causeway/credentials';
import { encapsulationDigest } from '@causeway/records';
import { sql } from 'kysely';
import { keepEncapsulation } from '../changes/encapsulations.ts';
import { json } from '../database/json.ts';
import { orderColumns } from '../people/password-order.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type Holder, holderFor, loadHolders } from './password-holders.ts';
import { provisionBatch } from './provision-batch.ts';
import { checkRecord, type Said } from './record-check.ts';
import { applied, parseItems, refused, unchanged } from './verdicts.ts';

/** An item that has passed all checks without the database. */
interface Checked {
  readonly item: CredentialChange;
  /** The record's content; absent if the item has no record. */
  readonly said: Said | undefined;
}

interface Write extends ReturnType<typeof orderColumns> {
  id: string;
  /** Null keeps the credential and its order, and stores only the record. */
  cloud_credential: string | null;
  change_date: string | null;
  record: string | null;
  /** Keeps the stored withdrawal for the managed domain, which this password does not reach. */
  keep_withdrawal: boolean;
  /** Of the stored record. */
  credential_sequence: number | null;
  password_sequence: number | null;
  changed_seq: number | null;
  /** The same as `changed_seq` for a new password, null for the same one sent again. */
  news_seq: number | null;
}

/**
 * Sets cloud credentials and credential records. Idempotent; one verdict per item, in the order of the items.
 * INVARIANT: an older password never overwrites a newer one. The order is compared and written under one lock.
 */
export async function provisionCredentials(
  agent: Agent,
  {
    forest,
    encapsulation,
    changes,
  }: { forest: string; encapsulation: string | null; changes: readonly unknown[] },
): Promise<Verdict[]> {
  const digest = encapsulation === null ? undefined : encapsulationDigest(encapsulation);
  const checked = parseItems(CredentialChange, changes).map(item =>
    'verdict' in item ? item : check(item, agent, forest, digest),
  );
  return provisionBatch(agent, checked, async (inside, work, nextChange) => {
    const wanted = work.map(({ item, said }) => ({
      anchor: item.sourceAnchor,
      sequence: said?.sequence ?? item.sequence,
    }));
    const holders = await loadHolders(inside, forest, wanted);
    const plan = decideCredentials(holders, work, nextChange);
    await write(inside, plan.writes, encapsulation);
    return plan.verdicts;
  });
}

function check(
  item: CredentialChange,
  agent: Agent,
  forest: string,
  digest: string | undefined,
): Checked | Verdict {
  try {
    // All stored credentials cost the same to check, so that timing reveals nothing about an account.
    const { iterations } = parseCloudCredential(item.cloudCredential);
    if (iterations !== CLOUD_ITERATIONS) {
      return refused(
        item.sourceAnchor,
        'invalid',
        `cloudCredential: ${CLOUD_ITERATIONS} iterations expected`,
      );
    }
  } catch {
    return refused(
      item.sourceAnchor,
      'invalid',
      "cloudCredential: 'v1;PPH1_MD4,<salt>,1000,<hash>;' expected",
    );
  }
  if (item.record === null) return { item, said: undefined };
  const said = checkRecord(item.record, {
    kind: 'credential',
    tenant: agent.scope.tenantId,
    forest,
    sourceAnchor: item.sourceAnchor,
    ...(item.sequence !== undefined && { sequence: item.sequence }),
    passwordOrder: item.passwordOrder,
    encapsulationDigest: digest,
    signerKeyId: agent.signingKeyId,
  });
  if (!('differs' in said)) return { item, said };
  return refused(item.sourceAnchor, 'record-mismatch', `the signed record says another ${said.differs}`);
}

/** Decides what each item does, in order, against the users as earlier items left them. Pure. */
export function decideCredentials(
  holders: readonly Holder[],
  items: readonly Checked[],
  nextChange: () => number,
): { verdicts: Verdict[]; writes: Write[] } {
  const byAnchor = new Map(holders.map(holder => [holder.source_anchor, { ...holder }]));
  const writes = new Map<string, Write>();

  const decide = ({ item, said }: Checked): Verdict => {
    const anchor = item.sourceAnchor;
    const { passwordOrder } = item;
    const sequence = said?.sequence ?? item.sequence;
    const news = { passwordOrder, sequence, objectGuid: said?.objectGuid, record: item.record };
    const holder = holderFor(anchor, byAnchor.get(anchor), news);
    if ('verdict' in holder) return holder;
    const same = holder.order !== null && isSameWrite(passwordOrder, holder.order);
    const keep = same && holder.has_credential;
    const newerRecord = said !== undefined && said.sequence > (holder.credential_sequence ?? -1);
    // The same password of a forest that was restored since stays the same password: only its order is new.
    const newerOrder = same && comparePasswordOrder(passwordOrder, holder.order!) > 0;
    if (keep && !newerRecord && !newerOrder) return unchanged(anchor);

    const earlier = writes.get(holder.id);
    const change = said ? nextChange() : (earlier?.changed_seq ?? null);
    writes.set(holder.id, {
      id: holder.id,
      cloud_credential: keep ? (earlier?.cloud_credential ?? null) : item.cloudCredential,
      change_date: keep ? (earlier?.change_date ?? null) : item.changeDate,
      ...orderColumns(passwordOrder),
      record: item.record,
      keep_withdrawal: said === undefined && holder.withdrawn,
      credential_sequence: said?.sequence ?? (holder.withdrawn ? holder.credential_sequence : null),
      password_sequence: sequence ?? holder.password_sequence,
      changed_seq: change,
      news_seq: keep ? (earlier?.news_seq ?? null) : change,
    });
    const { credential_sequence, password_sequence, keep_withdrawal: withdrawn } = writes.get(holder.id)!;
    const now = { has_credential: true, withdrawn, order: passwordOrder, record: item.record };
    Object.assign(holder, now, { credential_sequence, password_sequence });
    return applied(anchor);
  };
  return { verdicts: items.map(decide), writes: [...writes.values()] };
}

async function write(
  inside: TenantScope,
  rows: readonly Write[],
  encapsulation: string | null,
): Promise<void> {
  if (rows.length === 0) return;
  // Its id is the first change that uses it.
  const first = rows.find(({ record }) => record !== null)?.changed_seq ?? null;
  if (first !== null) await keepEncapsulation(inside, first, encapsulation!);
  // Records contain no comma, and as JSON PostgreSQL would inspect each of their characters.
  const records = rows.map(({ record }) => record ?? '').join(',');
  const others = rows.map(({ record: _, ...row }) => row);
  const now = inside.now();
  await inside.run(
    tenantId => sql`
      update users set
        cloud_credential = coalesce(r.cloud_credential, users.cloud_credential),
        credential_change_date = case when r.cloud_credential is null then users.credential_change_date else r.change_date end,
        credential_received_at = case when r.cloud_credential is null then users.credential_received_at else ${now}::timestamptz end,
        order_epoch = r.order_epoch,
        order_version = r.order_version,
        order_time = r.order_time,
        order_invocation_id = r.order_invocation_id,
        credential_record = case when r.keep_withdrawal then users.credential_record else r.record end,
        encapsulation_id = case when r.record is null then null else ${first}::bigint end,
        credential_sequence = r.credential_sequence,
        password_sequence = r.password_sequence,
        credential_record_received_at = case when r.keep_withdrawal then users.credential_record_received_at
          when r.record is null then null else ${now}::timestamptz end,
        changed_seq = coalesce(r.changed_seq, users.changed_seq),
        news_seq = coalesce(r.news_seq, users.news_seq),
        legacy_sequence = case when r.keep_withdrawal then users.legacy_sequence end,
        legacy_outcome = case when r.keep_withdrawal then users.legacy_outcome end,
        legacy_reason = case when r.keep_withdrawal then users.legacy_reason end,
        legacy_reported_at = case when r.keep_withdrawal then users.legacy_reported_at end,
        legacy_applied_at = case when r.keep_withdrawal then users.legacy_applied_at end
      from rows from (
        jsonb_to_recordset(${json(others)}) as (id uuid, cloud_credential text, change_date timestamptz,
          order_epoch bigint, order_version bigint, order_time bigint, order_invocation_id uuid,
          keep_withdrawal boolean, credential_sequence bigint, password_sequence bigint, changed_seq bigint,
          news_seq bigint),
        unnest(string_to_array(${records}::text, ',', ''))
      ) as r (id, cloud_credential, change_date, order_epoch, order_version, order_time, order_invocation_id,
        keep_withdrawal,
        credential_sequence, password_sequence, changed_seq, news_seq, record)
      where users.tenant_id = ${tenantId} and users.id = r.id`,
  );
}
