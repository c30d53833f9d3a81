import { type RawBuilder, sql } from 'kysely';
import { json } from '../database/json.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/**
 * Which of these anchors belong to the other kind in the same forest, including deleted objects. Then the item's type was changed, or the
 * anchor is invalid.
 */
export async function anchorsIn(
  inside: TenantScope,
  table: 'users' | 'groups',
  forest: string,
  anchors: readonly string[],
): Promise<ReadonlySet<string>> {
  // Uses the index by anchor, a different one per table.
  const isOfForest: RawBuilder<boolean> =
    table === 'users' ? sql`forest = ${forest}` : sql`coalesce(forest, '') = ${forest}`;
  const { rows } = await inside.run<{ source_anchor: string }>(
    tenantId => sql`
      select source_anchor from jsonb_array_elements_text(${json([...new Set(anchors)])}) as wanted
        join ${sql.table(table)} on tenant_id = ${tenantId} and source_anchor = wanted and ${isOfForest}`,
  );
  return new Set(rows.map(row => row.source_anchor));
}
