import { sql } from 'kysely';
import { json } from '../database/json.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** A deleted user or group of a forest, with the sequence of the deletion. */
export interface Deletion {
  readonly anchor: string;
  readonly sequence: number;
}

/**
 * Takes deleted users and groups out of the forest's groups. A membership from a slice that is newer than the deletion stays: it is for
 * the object that comes back. Slices stay as they were signed.
 */
export async function dropReferences(
  inside: TenantScope,
  forest: string,
  deletions: readonly Deletion[],
): Promise<void> {
  if (deletions.length === 0) return;
  await inside.run(
    tenantId => sql`
      delete from memberships using jsonb_to_recordset(${json(deletions)}) as gone (anchor text, sequence bigint), groups
      where memberships.tenant_id = ${tenantId} and reference = anchor
        and groups.tenant_id = ${tenantId} and groups.id = group_id and groups.forest = ${forest}
        and not exists (
          select from group_slices as newer
          where newer.tenant_id = ${tenantId} and newer.group_id = memberships.group_id
            and newer.sequence > gone.sequence and starts_with(causeway_bits(key), prefix))`,
  );
}

/** Deletions of a forest after a sequence. Older slices do not count for these objects, even after they come back. */
export async function deletionsAfter(
  inside: TenantScope,
  forest: string,
  sequence: number,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await inside.run<Deletion>(
    tenantId => sql`
      select source_anchor as anchor, deleted_sequence as sequence from users
        where tenant_id = ${tenantId} and forest = ${forest} and deleted_sequence > ${sequence}
      union all
      select source_anchor, deleted_sequence from groups
        where tenant_id = ${tenantId} and forest = ${forest} and deleted_sequence > ${sequence}`,
  );
  return new Map(rows.map(row => [row.anchor, row.sequence]));
}
