import { MembersChange, type MembersVerdict, SlicePrefix, SourceAnchor } from '@causeway/contract';
import { sql } from 'kysely';
import { z } from 'zod';
import { json } from '../database/json.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import {
  type CheckedSlice,
  compareMemberships,
  decideMembers,
  type KeyRange,
  type KnownLists,
  type KnownSlice,
  type Membership,
  type MembersPlan,
} from './decide-members.ts';
import { deletionsAfter } from './drop-references.ts';
import { checkGroupRecord } from './group-record-check.ts';
import { provisionBatchOf } from './provision-batch.ts';
import { parseNamed, refused } from './verdicts.ts';

const Naming = z.object({ sourceAnchor: SourceAnchor, prefix: SlicePrefix });

/**
 * Takes slices of the members of groups. Idempotent; one verdict per item, in the order of the items. It decides in memory, and writes
 * only differences with a few statements per batch: one changed member is one row.
 */
export async function provisionMembers(
  agent: Agent,
  forest: string,
  items: readonly unknown[],
): Promise<MembersVerdict[]> {
  const checked = parseNamed<MembersChange, MembersVerdict>(MembersChange, items, Naming).map(item =>
    'verdict' in item ? item : check(item, agent, forest),
  );
  return provisionBatchOf<CheckedSlice, MembersVerdict>(agent, checked, async (inside, work, nextChange) => {
    const lists = await loadLists(inside, forest, work);
    const oldest = work.reduce((least, { said }) => Math.min(least, said.sequence), Number.MAX_SAFE_INTEGER);
    const deletions = await deletionsAfter(inside, forest, oldest);
    const plan = decideMembers(lists, deletions, work, nextChange);
    await writeSlices(inside, plan);
    await writeMemberships(inside, plan);
    return plan.verdicts;
  });
}

function check(item: MembersChange, agent: Agent, forest: string): CheckedSlice | MembersVerdict {
  const said = checkGroupRecord('members', item, agent, forest);
  if (!('differs' in said)) return { item, said };
  const reason = `the signed record says another ${said.differs}`;
  return { ...refused(item.sourceAnchor, 'record-mismatch', reason), prefix: item.prefix };
}

async function loadLists(
  inside: TenantScope,
  forest: string,
  work: readonly CheckedSlice[],
): Promise<KnownLists[]> {
  const anchors = new Set(work.map(({ item }) => item.sourceAnchor));
  const groups = await inside.run<Omit<KnownLists, 'slices'>>(
    tenantId => sql`
      select groups.id, source_anchor, object_guid, deleted_at is not null as deleted, deleted_sequence
      from jsonb_array_elements_text(${json([...anchors])}) as wanted
        join groups on tenant_id = ${tenantId} and source_anchor = wanted and coalesce(forest, '') = ${forest}`,
  );
  // A record is long, and needed only if an item may be that same record.
  const slices = await inside.run<KnownSlice & { group_id: string }>(
    tenantId => sql`
      select group_id, prefix, sequence, case when sequence in (select jsonb_array_elements_text(${json(work.map(({ said }) => said.sequence))})::bigint) then record end as record
      from jsonb_array_elements_text(${json(groups.rows.map(({ id }) => id))}) as wanted
        join group_slices on tenant_id = ${tenantId} and group_id = wanted::uuid`,
  );
  const byGroup = Map.groupBy(slices.rows, ({ group_id }) => group_id);
  return groups.rows.map(group => ({ ...group, slices: byGroup.get(group.id) ?? [] }));
}

async function writeSlices(inside: TenantScope, { writes, gone }: MembersPlan): Promise<void> {
  if (gone.length > 0)
    await inside.run(
      tenantId => sql`
        delete from group_slices using jsonb_to_recordset(${json(gone)}) as gone (group_id uuid, prefix text)
        where tenant_id = ${tenantId} and group_slices.group_id = gone.group_id and group_slices.prefix = gone.prefix`,
    );
  if (writes.length === 0) return;
  await inside
    .update('groups')
    .set({ members_outcome: null, members_reason: null, members_reported_at: null })
    .where('id', 'in', [...new Set(writes.map(one => one.group_id))])
    .where('members_outcome', 'is not', null)
    .execute();
  await inside.run(
    tenantId => sql`
      insert into group_slices (tenant_id, group_id, prefix, sequence, record, changed_seq)
      select ${tenantId}, r.group_id, r.prefix, r.sequence, r.record, r.changed_seq
      from jsonb_to_recordset(${json(writes)}) as r (group_id uuid, prefix text, sequence bigint, record text, changed_seq bigint)
      on conflict (tenant_id, group_id, prefix) do update set
        sequence = excluded.sequence,
        record = excluded.record,
        changed_seq = excluded.changed_seq`,
  );
}

async function writeMemberships(inside: TenantScope, { ranges, memberships }: MembersPlan): Promise<void> {
  const { gone, added } = compareMemberships(await readRanges(inside, ranges), memberships);
  if (gone.length > 0)
    await inside.run(
      tenantId => sql`
        delete from memberships using ${unnested(gone)} as gone (group_id, key, reference)
        where tenant_id = ${tenantId} and memberships.group_id = gone.group_id and memberships.key = gone.key
          and memberships.reference = gone.reference`,
    );
  if (added.length > 0)
    await inside.run(
      tenantId => sql`
        insert into memberships (tenant_id, group_id, key, reference)
        select ${tenantId}::uuid, group_id, key, reference from ${unnested(added)} as added (group_id, key, reference)`,
    );
}

async function readRanges(inside: TenantScope, ranges: readonly KeyRange[]): Promise<Membership[]> {
  if (ranges.length === 0) return [];
  const { rows } = await inside.run<Membership>(
    tenantId => sql`
      select memberships.group_id, key, reference
      from jsonb_to_recordset(${json(ranges)}) as range (group_id uuid, "from" text, "to" text)
        join memberships on tenant_id = ${tenantId} and memberships.group_id = range.group_id and key between "from" and "to"`,
  );
  return rows;
}

/**
 * Faster to read than JSON, which would have a hundred thousand rows. Ids and keys consist of hexadecimal digits and hyphens, so each
 * list travels as one text: an array would be quoted item by item.
 */
const unnested = (rows: readonly Membership[]) => sql`unnest(
  string_to_array(${rows.map(({ group_id }) => group_id).join(' ')}, ' ')::uuid[],
  string_to_array(${rows.map(({ key }) => key).join(' ')}, ' '),
  ${rows.map(({ reference }) => reference)}::text[])`;
