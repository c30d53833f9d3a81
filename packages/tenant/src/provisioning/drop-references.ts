import { sql } from 'kysely';
import { json } from '../database/json.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** A user or group of a forest that was deleted, with the sequence that said so. */
export interface Deletion {
  readonly anchor: string;
  readonly sequence: number;
}

/**
 * Takes whoever was deleted out of the groups of the forest. What a slice says that is newer than the deletion stays: it is of whom comes
 * back. Slices stay as they are signed.
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

/** Who of a forest was deleted after a sequence: of slices that are older nothing counts for them, even when they have come back. */
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
