import { type RawBuilder, sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** Users that one statement looks at: it holds up nobody for long, whatever the tenant's size. */
const SLICE = 1000;

/** A place in the order of the index by anchor. */
interface Place {
  source_anchor: string;
  forest: string;
}

/** Conditions on `users` by which its synchronized users are read a slice at a time, in the order of their anchors. @param after a place */
export async function* slices(
  scope: TenantScope,
  after: Place = { source_anchor: '', forest: '' },
): AsyncGenerator<RawBuilder<boolean>> {
  for (let from: Place | undefined = after; from !== undefined; ) {
    const behind: RawBuilder<boolean> = sql`(source_anchor, forest) > (${from.source_anchor}, ${from.forest})`;
    const { rows }: { rows: Place[] } = await scope.run<Place>(
      tenantId => sql`
        select source_anchor, forest from users where tenant_id = ${tenantId} and ${behind}
        order by source_anchor, forest offset ${SLICE - 1} limit 1`,
    );
    const [to] = rows;
    yield to ? sql`${behind} and (source_anchor, forest) <= (${to.source_anchor}, ${to.forest})` : behind;
    from = to;
  }
}
