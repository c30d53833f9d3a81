import { MAX_LINES, type ReplyOf, type synchronizationRoutes, type TenantLine } from '@causeway/contract';
import { type Selectable, sql } from 'kysely';
import type { UsersTable } from '../database/schema.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** Users that one statement looks at: it holds up nobody for long, whatever the tenant's size. */
const SLICE = 5000;

/** The lines of some buckets, in the order of the anchors, from behind an anchor on. */
export async function readLines(
  scope: TenantScope,
  { forest, buckets, after }: { forest: string; buckets: readonly number[]; after: string },
): Promise<ReplyOf<typeof synchronizationRoutes.readLines>> {
  const users = (from: string) =>
    scope
      .select('users')
      .where('forest', '=', forest)
      .where('source_anchor', '>', from)
      .orderBy('source_anchor');
  const lines: TenantLine[] = [];
  for (let from: string | null = after; from !== null && lines.length <= MAX_LINES; ) {
    const last = await users(from)
      .select('source_anchor')
      .offset(SLICE - 1)
      .limit(1)
      .executeTakeFirst();
    const rows = await users(from)
      .select(COLUMNS)
      .$if(last !== undefined, slice => slice.where('source_anchor', '<=', last!.source_anchor))
      .where(sql<boolean>`causeway_bucket(source_anchor) = any(${[...buckets]}::integer[])`)
      .where('origin', '=', 'synchronized')
      .where('deleted_at', 'is', null)
      .limit(MAX_LINES + 1 - lines.length)
      .execute();
    lines.push(...rows.map(lineOf));
    from = last?.source_anchor ?? null;
  }
  return { lines: lines.slice(0, MAX_LINES), more: lines.length > MAX_LINES };
}

const COLUMNS = [
  'source_anchor',
  'account_sequence',
  'credential_sequence',
  'encapsulation_id',
  sql<boolean>`cloud_credential is not null`.as('has_credential'),
  'order_version',
  'order_time',
  'order_invocation_id',
] as const;

type Column = Exclude<(typeof COLUMNS)[number], object>;
type Row = Pick<Selectable<UsersTable>, Column> & { has_credential: boolean };

/** The same as `causeway_line` in the database. */
function lineOf(row: Row): TenantLine {
  const withdrawn = row.order_version !== null && !row.has_credential;
  const hasRecord = row.encapsulation_id !== null || withdrawn;
  return {
    sourceAnchor: row.source_anchor!,
    accountSequence: row.account_sequence ?? 0,
    credentialSequence: hasRecord ? (row.credential_sequence ?? 0) : 0,
    passwordOrder:
      row.order_version === null
        ? null
        : {
            version: row.order_version,
            originatingTime: row.order_time!,
            originatingInvocationId: row.order_invocation_id!,
          },
    withdrawn,
  };
}
