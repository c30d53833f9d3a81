import { type RawBuilder, sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** Users per statement, plus those who share the last one's anchor. Small enough to block nobody for long, whatever the tenant's size. */
const SLICE = 1000;

/** Conditions on `users` that read its synchronized users a slice at a time, in the order of their anchors. */
export async function* slices(scope: TenantScope, after = ''): AsyncGenerator<RawBuilder<boolean>> {
  for (let from: string | null = after; from !== null; ) {
    const { rows } = await scope.run<{ last: string | null }>(
      tenantId => sql`select causeway_slice_end(${tenantId}, ${from}, ${SLICE}) as last`,
    );
    const last: string | null = rows[0]!.last;
    yield last === null
      ? sql`source_anchor > ${from}`
      : sql`source_anchor > ${from} and source_anchor <= ${last}`;
    from = last;
  }
}
