import { ObjectChange, type Verdict } from '@causeway/contract';
import { sql } from 'kysely';
import { json } from '../database/json.ts';
import { NO_LEGACY } from '../people/cloud-records.ts';
import { type NameColumns, provisionNames } from '../people/provision-names.ts';
import { forgetPasswordOrders } from '../people/users.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type Account, type Checked, decideObjects, type Write } from './decide-objects.ts';
import { dropReferences } from './drop-references.ts';
import { anchorsIn } from './other-kind.ts';
import { provisionBatch } from './provision-batch.ts';
import { checkRecord } from './record-check.ts';
import { storedRecords } from './stored-records.ts';
import { parseItems, refused } from './verdicts.ts';

/**
 * Creates, updates and deletes synchronized users by source anchor. Idempotent; one verdict per item, in the order of the items; one
 * item's error affects only that item. It decides in memory, and writes one statement per batch.
 *
 * INVARIANT: forest and anchor identify a synchronized user. What a forest says of an anchor never concerns another forest's user, nor
 * a cloud-only one.
 *
 * INVARIANT: state before names. The record decides whether a user may sign in, and that waits for no name. A name that is not
 * available affects only the name, and the verdict says so beside `applied`.
 */
export async function provisionObjects(
  agent: Agent,
  forest: string,
  items: readonly unknown[],
): Promise<Verdict[]> {
  const checked = parseItems(ObjectChange, items).map(item =>
    'verdict' in item ? item : check(item, agent, forest),
  );
  const { tenantId } = agent.scope;
  return provisionBatch(agent, checked, async (inside, work, nextChange) => {
    const accounts = await loadAccounts(inside, forest, work);
    const anchors = work.map(({ item }) => item.sourceAnchor);
    const groups = await anchorsIn(inside, 'groups', forest, anchors);
    const plan = decideObjects(accounts, groups, { tenantId, forest }, work, nextChange);
    const { verdicts, writes, deletions } = plan;
    const before = new Map(accounts.filter(({ deleted }) => !deleted).map(account => [account.id, account]));
    const changes = writes.map(after => ({
      id: after.id,
      before: before.get(after.id),
      after,
      gone: after.deleted,
    }));
    const names = await provisionNames(inside, changes);
    await write(
      inside,
      writes.map(row => ({ ...row, ...names.get(row.id)! })),
    );
    await dropReferences(inside, forest, deletions);
    const problems = new Map(
      writes.map(({ id, source_anchor }) => [source_anchor, names.get(id)!.name_problem]),
    );
    return verdicts.map(verdict => withProblem(verdict, problems.get(verdict.sourceAnchor) ?? null));
  });
}

/** The state was applied, the name was not. */
function withProblem(verdict: Verdict, problem: string | null): Verdict {
  if (problem === null || verdict.verdict !== 'applied') return verdict;
  const [code, ...reason] = problem.split(': ');
  return { ...verdict, code: code as Verdict['code'], reason: reason.join(': ') };
}

function check(item: ObjectChange, agent: Agent, forest: string): Checked | Verdict {
  const said = checkRecord(item.record, {
    kind: 'account',
    tenant: agent.scope.tenantId,
    forest,
    sourceAnchor: item.sourceAnchor,
    sequence: item.sequence,
    signerKeyId: agent.signingKeyId,
    ...(item.operation === 'upsert' && { objectGuid: item.objectGuid }),
  });
  if (!('differs' in said)) return { item, said: said.account! };
  return refused(item.sourceAnchor, 'record-mismatch', `the signed record says another ${said.differs}`);
}

async function loadAccounts(
  inside: TenantScope,
  forest: string,
  work: readonly Checked[],
): Promise<Account[]> {
  const anchors = new Set(work.map(({ item }) => item.sourceAnchor));
  // A join of few names with many users: looked up name by name, however large the tenant is.
  const { rows } = await inside.run<Account>(
    tenantId => sql`
      select users.id, origin, source_anchor, forest, object_guid, user_principal_name, sign_in_name, upn_key,
        wanted_key, wanted_since, account_sequence, deleted_sequence, deleted_at is not null as deleted
      from jsonb_array_elements_text(${json([...anchors])}) as wanted
        join users on tenant_id = ${tenantId} and source_anchor = wanted and forest = ${forest}`,
  );
  const sequences = new Set(work.map(({ item }) => item.sequence));
  const same = rows.filter(row => row.account_sequence !== null && sequences.has(row.account_sequence));
  const records = await storedRecords(
    inside,
    'account_record',
    same.map(({ id }) => id),
  );
  return rows.map(row => ({ ...row, account_record: records.get(row.id) }));
}

async function write(inside: TenantScope, rows: readonly (Write & NameColumns)[]): Promise<void> {
  if (rows.length === 0) return;
  const now = inside.now();
  await inside.run(
    tenantId => sql`
      insert into users (tenant_id, id, origin, forest, source_anchor, object_guid, user_principal_name, sign_in_name,
        upn_key, wanted_key, wanted_since, name_problem, sam_account_name, security_identifier, account_enabled, account_expires, profile, administrator,
        account_sequence, deleted_sequence, account_record, account_received_at, changed_seq, news_seq, created_at, deleted_at)
      select ${tenantId}, r.id, r.origin, r.forest, r.source_anchor, r.object_guid, r.user_principal_name, r.sign_in_name,
        r.upn_key, r.wanted_key, r.wanted_since, r.name_problem, r.sam_account_name, r.security_identifier, r.account_enabled, r.account_expires, r.profile, false,
        r.account_sequence, r.deleted_sequence, r.account_record, ${now}::timestamptz, r.changed_seq, r.changed_seq, ${now}::timestamptz, case when r.deleted then ${now}::timestamptz end
      from jsonb_to_recordset(${json(rows)}) as r (id uuid, origin text, forest text, source_anchor text,
        object_guid uuid, user_principal_name text, sign_in_name text, upn_key text, wanted_key text,
        wanted_since bigint, name_problem text, sam_account_name text, security_identifier text,
        account_enabled boolean, account_expires timestamptz, profile jsonb, account_sequence bigint,
        deleted_sequence bigint, account_record text, changed_seq bigint, deleted boolean)
      on conflict (tenant_id, id) do update set
        object_guid = excluded.object_guid,
        user_principal_name = excluded.user_principal_name,
        sign_in_name = excluded.sign_in_name,
        upn_key = excluded.upn_key,
        wanted_key = excluded.wanted_key,
        wanted_since = excluded.wanted_since,
        name_problem = excluded.name_problem,
        sam_account_name = coalesce(excluded.sam_account_name, users.sam_account_name),
        security_identifier = coalesce(excluded.security_identifier, users.security_identifier),
        account_enabled = excluded.account_enabled,
        account_expires = excluded.account_expires,
        profile = case when excluded.deleted_at is null then excluded.profile else users.profile end,
        account_sequence = excluded.account_sequence,
        deleted_sequence = excluded.deleted_sequence,
        account_record = excluded.account_record,
        account_received_at = excluded.account_received_at,
        account_outcome = null,
        account_reason = null,
        changed_seq = excluded.changed_seq,
        news_seq = excluded.news_seq,
        deleted_at = case when excluded.deleted_at is null then null else coalesce(users.deleted_at, excluded.deleted_at) end`,
  );
  await forget(inside, rows);
}

/** The password order stays when a user is deleted: a user who comes back must not bring an older password. */
async function forget(inside: TenantScope, rows: readonly Write[]): Promise<void> {
  const ids = rows.filter(row => row.forget).map(row => row.id);
  if (ids.length === 0) return;
  await inside
    .update('users')
    .set({
      cloud_credential: null,
      credential_change_date: null,
      credential_received_at: null,
      ...NO_LEGACY,
    })
    .where('id', 'in', ids)
    .execute();
  const others = rows.filter(row => row.forget_order).map(row => row.id);
  if (others.length === 0) return;
  await forgetPasswordOrders(inside, others);
}
