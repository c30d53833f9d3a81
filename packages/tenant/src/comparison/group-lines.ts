import { MAX_LINES, type ReplyOf, type synchronizedGroupRoutes } from '@causeway/contract';
import { BUCKETS, differingBuckets, packBuckets } from '@causeway/records';
import { type RawBuilder, sql } from 'kysely';
import { readReach } from '../changes/change-counter.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { bytesOf, digestFrom } from './digests.ts';

type LinesReply = ReplyOf<typeof synchronizedGroupRoutes.readGroupLines>;
type LineKey = { readonly sourceAnchor: string; readonly prefix: string | null };

/**
 * What the tenant has of a forest's groups and of the slices of their members (docs/formats.md, *Comparing*). The key names a line and
 * decides its bucket.
 */
const LINES = (tenantId: string, forest: string): RawBuilder<unknown> => sql`
  select source_anchor, null as prefix, sequence, source_anchor as key from groups
    where tenant_id = ${tenantId} and forest = ${forest} and deleted_at is null
  union all
  select source_anchor, slices.prefix, slices.sequence, source_anchor || ' ' || slices.prefix
  from groups join group_slices as slices on slices.tenant_id = ${tenantId} and slices.group_id = groups.id
    where groups.tenant_id = ${tenantId} and forest = ${forest} and deleted_at is null`;

/** The digests of forests' groups. They are made again only after a change of a group or slice. */
export class GroupDigests {
  /** By tenant and forest. */
  readonly #kept = new Map<string, { readonly state: string; readonly buckets: string }>();

  /** The buckets that differ from these digests. @param buckets as `packBuckets` makes them */
  async differingFrom(scope: TenantScope, forest: string, buckets: string): Promise<number[]> {
    const name = `${scope.tenantId} ${forest}`;
    // Read before the digests, so that a change meanwhile causes new ones the next time.
    const state = await readState(scope);
    let kept = this.#kept.get(name);
    if (kept?.state !== state) {
      kept = { state, buckets: await makeDigests(scope, forest) };
      this.#kept.set(name, kept);
    }
    return differingBuckets(kept.buckets, buckets);
  }
}

/**
 * Differs for any two states of groups and slices: each change has its own position in its epoch, and a row disappears only together with
 * another change.
 */
async function readState(scope: TenantScope): Promise<string> {
  const { epoch } = await readReach(scope);
  const { rows } = await scope.run<{ groups: number | null; slices: number | null }>(
    tenantId => sql`
      select (select max(changed_seq) from groups where tenant_id = ${tenantId}) as groups,
        (select max(changed_seq) from group_slices where tenant_id = ${tenantId}) as slices`,
  );
  return `${epoch} ${rows[0]!.groups} ${rows[0]!.slices}`;
}

async function makeDigests(scope: TenantScope, forest: string): Promise<string> {
  const { rows } = await scope.run<{ bucket: number; digest: string }>(
    tenantId => sql`
      select causeway_bucket(key) as bucket, bit_xor(causeway_line_digest(key || ' ' || sequence)) as digest
      from (${LINES(tenantId, forest)}) as lines group by 1`,
  );
  const digests = new Map(rows.map(({ bucket, digest }) => [bucket, digestFrom(digest)]));
  return packBuckets(Array.from({ length: BUCKETS }, (_, bucket) => bytesOf(digests.get(bucket) ?? 0n)));
}

/** The lines of some buckets after a given line, each group before the slices of its members. */
export async function readGroupLines(
  scope: TenantScope,
  { forest, buckets, after }: { forest: string; buckets: readonly number[]; after: LineKey | null },
): Promise<LinesReply> {
  // A group has no prefix, and sorts before the slice of all.
  const isBehind = after
    ? sql`(source_anchor, prefix is not null, coalesce(prefix, '')) > (${after.sourceAnchor}, ${after.prefix !== null}, ${after.prefix ?? ''})`
    : sql`true`;
  const { rows } = await scope.run<{ source_anchor: string; prefix: string | null; sequence: number }>(
    tenantId => sql`
      select source_anchor, prefix, sequence from (${LINES(tenantId, forest)}) as lines
      where causeway_bucket(key) = any(${[...buckets]}::integer[]) and ${isBehind}
      order by source_anchor, prefix nulls first limit ${MAX_LINES + 1}`,
  );
  const lines = rows.slice(0, MAX_LINES).map(({ source_anchor: sourceAnchor, prefix, sequence }) => ({
    sourceAnchor,
    prefix,
    sequence,
  }));
  return { lines, more: rows.length > lines.length };
}
