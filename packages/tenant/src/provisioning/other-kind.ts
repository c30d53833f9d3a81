import { type RawBuilder, sql } from 'kysely';
import { json } from '../database/json.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/**
 * Which of these anchors are the other kind's of the same forest, deleted ones too: an item of one was re-typed by somebody, or the anchor
 * is none.
 */
export async function anchorsIn(
  inside: TenantScope,
  table: 'users' | 'groups',
  forest: string,
  anchors: readonly string[],
): Promise<ReadonlySet<string>> {
  // By the index by anchor, which is another one in each.
  const isOfForest: RawBuilder<boolean> =
    table === 'users' ? sql`forest = ${forest}` : sql`coalesce(forest, '') = ${forest}`;
  const { rows } = await inside.run<{ source_anchor: string }>(
    tenantId => sql`
      select source_anchor from jsonb_array_elements_text(${json([...new Set(anchors)])}) as wanted
        join ${sql.table(table)} on tenant_id = ${tenantId} and source_anchor = wanted and ${isOfForest}`,
  );
  return new Set(rows.map(row => row.source_anchor));
}
