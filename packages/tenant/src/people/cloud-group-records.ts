import {
  CLOUD_FOREST,
  divideMembers,
  isBelow,
  memberKey,
  referenceToForest,
  signGroupRecord,
  signMembers,
} from '@causeway/records';
import { sql } from 'kysely';
import type { Counter } from '../changes/change-counter.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { signingKeyOf } from './cloud-records.ts';
import type { Group } from './memberships.ts';

/** Signs the current state of one of the tenant's own groups, or its deletion. A deleted one has no slices any more. */
export async function recordGroup(
  inside: TenantScope,
  { id, display_name: name }: Pick<Group, 'id' | 'display_name'>,
  counter: Counter,
  deleted = false,
): Promise<void> {
  const sequence = await nextSequence(inside, id);
  const record = signGroupRecord(await signingKeyOf(inside), {
    ...identityOf(inside, id, sequence),
    // If the name is not allowed in the managed domain, the managed domain finds another.
    ...{ sAMAccountName: name, displayName: name, mail: null, objectSid: null },
    ...{ securityEnabled: true, scope: 'universal', deleted },
  });
  const seq = counter.next();
  const first_seq = sql<number>`coalesce(first_seq, ${seq})`;
  await inside
    .update('groups')
    .set({ sequence, record, changed_seq: seq, first_seq, received_at: inside.now() })
    .where('id', '=', id)
    .execute();
  if (deleted) await inside.delete('group_slices').where('group_id', '=', id).execute();
}

/**
 * Signs the current members of one of the tenant's own groups: one slice, or its parts once it is too long.
 * @param changed id of the added or removed member; undefined for all, of a group that has no slices yet
 */
export async function recordMembers(
  inside: TenantScope,
  groupId: string,
  counter: Counter,
  changed?: string,
): Promise<void> {
  const prefix = changed === undefined ? '' : await prefixOf(inside, groupId, changed);
  let sequence = await nextSequence(inside, groupId);
  const members = await readReferences(
    inside,
    sql`select reference as id from memberships where tenant_id = ${inside.tenantId} and group_id = ${groupId}`,
  );
  const key = await signingKeyOf(inside);
  await inside.delete('group_slices').where('group_id', '=', groupId).where('prefix', '=', prefix).execute();
  for (const [part, references] of divideMembers(prefix, members)) {
    const said = { ...identityOf(inside, groupId, sequence), prefix: part, members: references };
    const record = signMembers(key, said);
    const slice = { group_id: groupId, prefix: part, sequence, record, changed_seq: counter.next() };
    await inside.insert('group_slices', slice).execute();
    sequence += 1;
  }
}

const identityOf = ({ tenantId: tenant }: TenantScope, id: string, sequence: number) => ({
  ...{ tenant, forest: CLOUD_FOREST, sourceAnchor: id, objectGuid: id, sequence },
});

/** Follows the rule of every signer: the clock's value, but larger than every earlier sequence of this group and its slices. */
async function nextSequence(inside: TenantScope, id: string): Promise<number> {
  const { rows } = await inside.run<{ last: number | null }>(
    tenantId => sql`
      select greatest(sequence, (select max(sequence) from group_slices
        where tenant_id = ${tenantId} and group_id = ${id})) as last
      from groups where tenant_id = ${tenantId} and id = ${id}`,
  );
  return Math.max((rows[0]?.last ?? 0) + 1, inside.clock.now() * 1000);
}

/** Prefix of the live slice that covers a user or group: the slices signed here divide all keys among them. */
async function prefixOf(inside: TenantScope, groupId: string, id: string): Promise<string> {
  const [reference] = await readReferences(inside, sql`select ${id}::text as id`);
  const key = memberKey(reference!);
  const slices = await inside
    .select('group_slices')
    .select('prefix')
    .where('group_id', '=', groupId)
    .execute();
  return slices.find(slice => isBelow(slice.prefix, key))?.prefix ?? '';
}

/** References as slices have them: the tenant's own by id, users of forests by forest and anchor. */
async function readReferences(inside: TenantScope, ids: ReturnType<typeof sql>): Promise<string[]> {
  const { rows } = await inside.run<{ id: string; forest: string | null; source_anchor: string | null }>(
    tenantId => sql`
      select named.id, users.forest, users.source_anchor from (${ids}) as named
        left join users on users.tenant_id = ${tenantId} and users.id = named.id::uuid`,
  );
  return rows.map(({ id, forest, source_anchor: anchor }) =>
    forest === null || anchor === null ? id : referenceToForest(forest, anchor),
  );
}
