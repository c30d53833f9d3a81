import { MAX_LINES, type ReplyOf, type synchronizationRoutes, type TenantLine } from '@causeway/contract';
import { inEpoch } from '@causeway/credentials';
import { type Selectable, sql } from 'kysely';
import type { UsersTable } from '../database/schema.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { slices } from './slices.ts';

/** The lines of some buckets after a given anchor, in the order of the anchors. */
export async function readLines(
  scope: TenantScope,
  { forest, buckets, after }: { forest: string; buckets: readonly number[]; after: string },
): Promise<ReplyOf<typeof synchronizationRoutes.readLines>> {
  const lines: TenantLine[] = [];
  for await (const slice of slices(scope, after)) {
    const rows = await scope
      .select('users')
      .select(COLUMNS)
      .where(slice)
      .where('forest', '=', forest)
      .where('origin', '=', 'synchronized')
      .where('deleted_at', 'is', null)
      .where(sql<boolean>`causeway_bucket(source_anchor) = any(${[...buckets]}::integer[])`)
      .orderBy('source_anchor')
      .execute();
    lines.push(...rows.map(lineOf));
    if (lines.length > MAX_LINES) break;
  }
  return { lines: lines.slice(0, MAX_LINES), more: lines.length > MAX_LINES };
}

const COLUMNS = [
  'source_anchor',
  'account_sequence',
  'credential_sequence',
  'encapsulation_id',
  sql<boolean>`cloud_credential is not null`.as('has_credential'),
  'order_epoch',
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
        : inEpoch(
            {
              version: row.order_version,
              originatingTime: row.order_time!,
              originatingInvocationId: row.order_invocation_id!,
            },
            row.order_epoch,
          ),
    withdrawn,
  };
}
