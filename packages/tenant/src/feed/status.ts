import type { TenantStatus } from '@causeway/contract';
import { sql } from 'kysely';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { readSyncConfig } from './managed-domain.ts';
import { readNameDifferences } from './name-differences.ts';
import { readNewerInDomain } from './newer-in-domain.ts';
import { readArrivals } from './statements.ts';

export interface ConnectReport {
  readonly forest: string;
  readonly lastObjectCycleAt: string | null;
  readonly lastPasswordCycleAt: string | null;
  readonly queued: number;
  readonly owed: number;
  readonly quarantined: number;
}

const date = (text: string | null): Date | null => (text === null ? null : new Date(text));

export async function storeConnectReport(
  scope: TenantScope,
  agent: { agentId: string; agentName: string },
  report: ConnectReport,
): Promise<void> {
  const values = {
    agent_id: agent.agentId,
    agent_name: agent.agentName,
    reported_at: scope.now(),
    last_object_cycle_at: date(report.lastObjectCycleAt),
    last_password_cycle_at: date(report.lastPasswordCycleAt),
    queued: report.queued,
    owed: report.owed,
    quarantined: report.quarantined,
  };
  await scope
    .insert('connect_statuses', { forest: report.forest, ...values })
    .onConflict(conflict => conflict.columns(['tenant_id', 'forest']).doUpdateSet(values))
    .execute();
}

interface Counts {
  users: number;
  disabled: number;
  blocked: number;
  with_credential: number;
  with_record: number;
  applied: number;
  refused: number;
  groups: number;
  groups_refused: number;
}

export async function readTenantStatus(scope: TenantScope): Promise<TenantStatus> {
  const { rows } = await scope.run<Counts>(
    tenantId => sql`
      select count(*) as users,
        count(*) filter (where not account_enabled) as disabled,
        count(blocked_at) as blocked,
        count(cloud_credential) as with_credential,
        count(encapsulation_id) as with_record,
        count(encapsulation_id) filter (where legacy_outcome in ('applied', 'unchanged')) as applied,
        count(*) filter (where legacy_outcome in ('refused', 'failed')
          or account_outcome in ('refused', 'failed')) as refused,
        (select count(*) from groups where tenant_id = ${tenantId} and deleted_at is null) as groups,
        (select count(*) from groups where tenant_id = ${tenantId} and deleted_at is null
          and (group_outcome in ('refused', 'failed') or members_outcome in ('refused', 'failed'))) as groups_refused
      from users where tenant_id = ${tenantId} and deleted_at is null`,
  );
  const counts = rows[0]!;
  const nameDifferences = await readNameDifferences(scope);
  const newerInDomain = await readNewerInDomain(scope);
  const statuses = await scope.select('connect_statuses').selectAll().orderBy('forest').execute();
  return {
    tenantId: scope.tenantId,
    tenantName: scope.tenantName,
    users: counts.users,
    disabled: counts.disabled,
    ...(counts.blocked > 0 && { blocked: counts.blocked }),
    ...(counts.groups > 0 && { groups: counts.groups }),
    ...(counts.groups_refused > 0 && { groupsRefused: counts.groups_refused }),
    withCredential: counts.with_credential,
    withLegacyRecord: counts.with_record,
    legacyApplied: counts.applied,
    legacyRefused: counts.refused,
    windowsCredentialsSyncConfig: await readSyncConfig(scope),
    connect: statuses.map(row => ({
      forest: row.forest,
      agent: row.agent_name,
      reportedAt: row.reported_at.toISOString(),
      lastObjectCycleAt: row.last_object_cycle_at?.toISOString() ?? null,
      lastPasswordCycleAt: row.last_password_cycle_at?.toISOString() ?? null,
      queued: row.queued,
      owed: row.owed,
      quarantined: row.quarantined,
    })),
    ...(nameDifferences.length > 0 && { nameDifferences }),
    ...(newerInDomain && { newerInDomain }),
    arrivals: await readArrivals(scope),
  };
}
