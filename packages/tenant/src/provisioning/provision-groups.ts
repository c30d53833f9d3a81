import { GroupChange, type Verdict } from '@causeway/contract';
import { sql } from 'kysely';
import { json } from '../database/json.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type CheckedGroup, decideGroups, type GroupWrite, type KnownGroup } from './decide-groups.ts';
import { dropReferences } from './drop-references.ts';
import { checkGroupRecord } from './group-record-check.ts';
import { anchorsIn } from './other-kind.ts';
import { provisionBatch } from './provision-batch.ts';
import { parseItems, refused } from './verdicts.ts';

/**
 * Creates, updates and deletes synchronized groups by source anchor, as `provisionObjects` does users. Idempotent; one verdict per item,
 * in the order of the items. A deleted group keeps its row, without members.
 */
export async function provisionGroups(
  agent: Agent,
  forest: string,
  items: readonly unknown[],
): Promise<Verdict[]> {
  const checked = parseItems(GroupChange, items).map(item =>
    'verdict' in item ? item : check(item, agent, forest),
  );
  const { tenantId } = agent.scope;
  return provisionBatch(agent, checked, async (inside, work, nextChange) => {
    const anchors = work.map(({ item }) => item.sourceAnchor);
    const users = await anchorsIn(inside, 'users', forest, anchors);
    const groups = await loadGroups(inside, forest, anchors);
    const plan = decideGroups(groups, users, { tenantId, forest }, work, nextChange);
    await write(inside, plan.writes);
    await dropReferences(inside, forest, plan.deletions);
    return plan.verdicts;
  });
}

function check(item: GroupChange, agent: Agent, forest: string): CheckedGroup | Verdict {
  const said = checkGroupRecord('group', item, agent, forest);
  if (!('differs' in said)) return { item, said };
  return refused(item.sourceAnchor, 'record-mismatch', `the signed record says another ${said.differs}`);
}

/** The groups of a forest with these anchors. Never those of another forest, nor the tenant's own. */
export async function loadGroups(
  inside: TenantScope,
  forest: string,
  anchors: readonly string[],
): Promise<KnownGroup[]> {
  const { rows } = await inside.run<KnownGroup>(
    tenantId => sql`
      select groups.id, source_anchor, object_guid, sequence, deleted_sequence, record
      from jsonb_array_elements_text(${json([...new Set(anchors)])}) as wanted
        join groups on tenant_id = ${tenantId} and source_anchor = wanted and coalesce(forest, '') = ${forest}`,
  );
  return rows;
}

async function write(inside: TenantScope, rows: readonly GroupWrite[]): Promise<void> {
  if (rows.length === 0) return;
  const forgotten = rows.filter(({ forget }) => forget).map(({ id }) => id);
  for (const table of ['group_slices', 'memberships'] as const)
    if (forgotten.length > 0) await inside.delete(table).where('group_id', 'in', forgotten).execute();
  const now = inside.now();
  await inside.run(
    tenantId => sql`
      insert into groups (tenant_id, id, origin, forest, source_anchor, object_guid, display_name, sam_account_name, mail,
        security_identifier, security_enabled, scope, sequence, deleted_sequence, record, first_seq, changed_seq, received_at,
        created_at, deleted_at)
      select ${tenantId}, r.id, 'synchronized', r.forest, r.source_anchor, r.object_guid, r.display_name, r.sam_account_name, r.mail,
        r.security_identifier, r.security_enabled, r.scope, r.sequence, r.deleted_sequence, r.record, r.changed_seq, r.changed_seq, ${now}::timestamptz,
        ${now}::timestamptz, case when r.deleted then ${now}::timestamptz end
      from jsonb_to_recordset(${json(rows)}) as r (id uuid, forest text, source_anchor text, object_guid uuid, display_name text,
        sam_account_name text, mail text, security_identifier text, security_enabled boolean, scope text, sequence bigint,
        deleted_sequence bigint, record text, changed_seq bigint, deleted boolean)
      on conflict (tenant_id, id) do update set
        object_guid = excluded.object_guid,
        display_name = excluded.display_name,
        sam_account_name = excluded.sam_account_name,
        mail = excluded.mail,
        security_identifier = excluded.security_identifier,
        security_enabled = excluded.security_enabled,
        scope = excluded.scope,
        sequence = excluded.sequence,
        deleted_sequence = excluded.deleted_sequence,
        record = excluded.record,
        changed_seq = excluded.changed_seq,
        received_at = excluded.received_at,
        group_outcome = null,
        group_reason = null,
        group_reported_at = null,
        deleted_at = case when excluded.deleted_at is null then null else coalesce(groups.deleted_at, excluded.deleted_at) end`,
  );
}
