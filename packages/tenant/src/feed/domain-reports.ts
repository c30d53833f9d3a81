import type { DomainReport } from '@causeway/contract';
import { type RawBuilder, sql } from 'kysely';
import { lockCounter } from '../changes/change-counter.ts';
import { json } from '../database/json.ts';
import { isUuid } from '../people/users.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { isOfTheDomain } from './managed-domain.ts';

type Table = 'users' | 'groups';

/** Where the outcome of a record is stored, and whether the record is still the current one. `r` is the report. */
interface Place {
  table: Table;
  set: RawBuilder<unknown>;
  isCurrent: RawBuilder<unknown>;
}

/** The managed domain has not seen a slice that arrived here since. */
const NEWEST_SLICE = sql`(select coalesce(max(sequence), 0) from group_slices
  where group_slices.tenant_id = groups.tenant_id and group_id = groups.id)`;

const PLACES: Record<DomainReport['kind'], Place> = {
  credential: {
    table: 'users',
    set: sql`
      legacy_sequence = r.sequence,
      legacy_outcome = r.outcome,
      legacy_reason = r.reason,
      legacy_reported_at = r.at,
      legacy_applied_at = case when r.outcome = 'applied' then r.at
        when r.outcome = 'unchanged' then coalesce(users.legacy_applied_at, r.at)
        else users.legacy_applied_at end`,
    isCurrent: sql`users.credential_sequence = r.sequence`,
  },
  account: {
    table: 'users',
    set: sql`account_outcome = r.outcome, account_reason = r.reason`,
    isCurrent: sql`users.account_sequence = r.sequence`,
  },
  group: {
    table: 'groups',
    set: sql`group_outcome = r.outcome, group_reason = r.reason, group_reported_at = r.at`,
    isCurrent: sql`groups.sequence = r.sequence`,
  },
  members: {
    table: 'groups',
    set: sql`members_outcome = r.outcome, members_reason = r.reason, members_reported_at = r.at`,
    isCurrent: sql`r.sequence >= ${NEWEST_SLICE}`,
  },
};

/**
 * Stores what the managed domain did with the current records. Reports of earlier ones come too late. A managed domain of an earlier
 * release names no forest: its report counts if only one user has the anchor. Takes the lock that every writer of users takes:
 * otherwise two that write many users in different orders would deadlock, and an administrator could withdraw the domain meanwhile.
 * @returns false for an agent that is not that of the tenant's managed domain: its reports are dropped
 */
export function storeReports(
  scope: TenantScope,
  agentId: string,
  reports: readonly DomainReport[],
): Promise<boolean> {
  return scope.transaction(async inside => {
    await lockCounter(inside);
    if (!(await isOfTheDomain(inside, agentId))) return false;
    await store(inside, reports);
    return true;
  });
}

async function store(scope: TenantScope, reports: readonly DomainReport[]): Promise<void> {
  for (const [kind, ofKind] of Map.groupBy(reports, one => one.kind)) {
    const place = PLACES[kind];
    const latest = new Map<string, Outcome>();
    for (const report of await withIds(scope, place.table, ofKind))
      if ((latest.get(report.id)?.sequence ?? -1) <= report.sequence) latest.set(report.id, report);
    if (latest.size > 0) await storeOutcomes(scope, place, [...latest.values()]);
  }
}

interface Outcome extends DomainReport {
  /** Of the user or group. */
  readonly id: string;
}

async function withIds(
  scope: TenantScope,
  name: Table,
  reports: readonly DomainReport[],
): Promise<Outcome[]> {
  const table = sql.table(name);
  const asked = reports.map(({ sourceAnchor: anchor, forest }, n) => ({ n, anchor, forest: forest ?? null }));
  const synchronized = asked.filter(({ n }) => reports[n]!.forest !== null);
  // For a user or group of the tenant's own, the anchor is the id.
  const cloud = asked.filter(({ anchor, forest }) => forest === null && isUuid(anchor));
  const { rows } = await scope.run<{ n: number; id: string }>(
    tenantId => sql`
      select r.n, o.id from jsonb_to_recordset(${json(synchronized)}) as r (n integer, anchor text, forest text)
        join ${table} o on tenant_id = ${tenantId} and source_anchor = r.anchor and (r.forest is null or o.forest = r.forest)
      union all
      select r.n, o.id from jsonb_to_recordset(${json(cloud)}) as r (n integer, anchor uuid)
        join ${table} o on tenant_id = ${tenantId} and o.id = r.anchor and origin = 'cloud'`,
  );
  const found = Map.groupBy(rows, ({ n }) => n);
  return reports.flatMap((report, n) => {
    const [one, ...others] = found.get(n) ?? [];
    return one === undefined || others.length > 0 ? [] : [{ ...report, id: one.id }];
  });
}

async function storeOutcomes(
  scope: TenantScope,
  { table, set, isCurrent }: Place,
  rows: readonly Outcome[],
): Promise<void> {
  const name = sql.table(table);
  await scope.run(
    tenantId => sql`
      update ${name} set ${set}
      from jsonb_to_recordset(${json(rows)})
        as r (id uuid, sequence bigint, outcome text, reason text, at timestamptz)
      where ${name}.tenant_id = ${tenantId} and ${name}.id = r.id and ${isCurrent}`,
  );
}
