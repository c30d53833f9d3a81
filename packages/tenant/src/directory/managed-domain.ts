import type { DomainReport, PublicKey, WindowsCredentialsSyncConfig } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { type RawBuilder, sql } from 'kysely';
import type { TenantScope } from '../tenant-scope.ts';
import { changes, json, lockCounter } from './change-counter.ts';
import { NO_LEGACY, recordCloudUsers } from './cloud-records.ts';
import { isUuid } from './users.ts';

/**
 * Registers the managed domain, or its new keys. Connect believes keys only after an administrator confirmed them;
 * what was sealed here to another key opens no more and is let go of.
 */
export async function registerDomainKey(
  scope: TenantScope,
  agentId: string,
  domain: { realm: string; netbiosDomain: string; key: PublicKey; receiptKey: PublicKey },
): Promise<void> {
  const values = {
    realm: domain.realm,
    netbios_domain: domain.netbiosDomain,
    key: JSON.stringify(domain.key),
    receipt_key: JSON.stringify(domain.receiptKey),
    agent_id: agentId,
  };
  await scope.transaction(async inside => {
    // Passwords are sealed under the same lock: each to the domain that is there then.
    const counter = await lockCounter(inside);
    const before = await inside.select('managed_domains').select(['key', 'realm']).executeTakeFirst();
    // A repeated registration of the same domain is none.
    const same = before?.key.publicKey === domain.key.publicKey && before.realm === domain.realm;
    await inside
      .insert('managed_domains', { ...values, registered_at: new Date() })
      .onConflict(conflict =>
        conflict.column('tenant_id').doUpdateSet({ ...values, ...(!same && { registered_at: new Date() }) }),
      )
      .execute();
    if (!same) await inside.update('users').set(NO_LEGACY).where('origin', '=', 'cloud').execute();
    await recordCloudUsers(inside, counter.next);
    await counter.save();
  });
  changes.emit(scope.tenantId);
}

/**
 * Withdraws the managed domain: nothing is sealed to its key any more. What was applied there is not applied
 * anywhere now; its agent goes on reading until it is removed, so that deletions still arrive.
 * @throws CausewayError 'no-managed-domain'
 */
export async function withdrawDomain(scope: TenantScope): Promise<{ realm: string }> {
  return scope.transaction(async inside => {
    await lockCounter(inside);
    const withdrawn = await inside.delete('managed_domains').returning('realm').executeTakeFirst();
    if (!withdrawn) {
      throw new CausewayError('no-managed-domain', 'this tenant has no managed domain', { status: 404 });
    }
    await inside.update('users').set(NO_LEGACY).where('origin', '=', 'cloud').execute();
    await inside.delete('statements').where('kind', '=', 'receipt').execute();
    return withdrawn;
  });
}

export async function readSyncConfig(scope: TenantScope): Promise<WindowsCredentialsSyncConfig> {
  const row = await scope.select('managed_domains').selectAll().executeTakeFirst();
  if (!row) return { enabled: false, domain: null };
  return {
    enabled: true,
    domain: {
      realm: row.realm,
      netbiosDomain: row.netbios_domain,
      key: row.key,
      receiptKey: row.receipt_key,
      registeredAt: row.registered_at.toISOString(),
    },
  };
}

/** The records that the managed domain announced last; undefined without one. */
export async function readDomainAccepts(scope: TenantScope): Promise<string[] | undefined> {
  const { rows } = await scope.run<{ accepts: string[] | null }>(
    tenantId => sql`
      select accepts from managed_domains left join agents on agents.tenant_id = ${tenantId} and agents.id = agent_id
      where managed_domains.tenant_id = ${tenantId}`,
  );
  return rows[0] && (rows[0].accepts ?? []);
}

/** Keeps what the managed domain did with the records that are current; reports of earlier ones come too late. */
export async function storeReports(scope: TenantScope, reports: readonly DomainReport[]): Promise<void> {
  const latest = new Map<string, DomainReport>();
  for (const report of reports) {
    const key = `${report.kind} ${report.sourceAnchor}`;
    if ((latest.get(key)?.sequence ?? -1) <= report.sequence) latest.set(key, report);
  }
  const rows = [...latest.values()];
  await storeOutcomes(scope, rows, sql`users.source_anchor = r."sourceAnchor"`);
  // A cloud-only user's anchor is its id.
  const cloud = rows.filter(row => isUuid(row.sourceAnchor));
  await storeOutcomes(scope, cloud, sql`users.id = r."sourceAnchor"::uuid and users.origin = 'cloud'`);
}

async function storeOutcomes(
  scope: TenantScope,
  rows: readonly DomainReport[],
  isOf: RawBuilder<unknown>,
): Promise<void> {
  const credentials = rows.filter(row => row.kind === 'credential');
  const accounts = rows.filter(row => row.kind === 'account');
  if (credentials.length > 0) {
    await scope.run(
      tenantId => sql`
        update users set
          legacy_sequence = r.sequence,
          legacy_outcome = r.outcome,
          legacy_reason = r.reason,
          legacy_reported_at = r.at,
          legacy_applied_at = case when r.outcome = 'applied' then r.at
            when r.outcome = 'unchanged' then coalesce(users.legacy_applied_at, r.at)
            else users.legacy_applied_at end
        from jsonb_to_recordset(${json(credentials)})
          as r ("sourceAnchor" text, sequence bigint, outcome text, reason text, at timestamptz)
        where users.tenant_id = ${tenantId} and ${isOf}
          and users.credential_sequence = r.sequence`,
    );
  }
  if (accounts.length > 0) {
    await scope.run(
      tenantId => sql`
        update users set account_outcome = r.outcome, account_reason = r.reason
        from jsonb_to_recordset(${json(accounts)})
          as r ("sourceAnchor" text, sequence bigint, outcome text, reason text)
        where users.tenant_id = ${tenantId} and ${isOf}
          and users.account_sequence = r.sequence`,
    );
  }
}
