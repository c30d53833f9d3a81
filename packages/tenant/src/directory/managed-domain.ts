import type { DomainReport, FeedItem, PublicKey, WindowsCredentialsSyncConfig } from '@causeway/contract';
import { sleep } from '@causeway/service';
import { sql } from 'kysely';
import type { TenantScope } from '../tenant-scope.ts';
import { changes, json, readCounter } from './change-counter.ts';

/** Registers the managed domain, or its new key. Connect believes a key only after an administrator confirmed it. */
export async function registerDomainKey(
  scope: TenantScope,
  agentId: string,
  domain: { realm: string; netbiosDomain: string; key: PublicKey },
): Promise<void> {
  const values = {
    realm: domain.realm,
    netbios_domain: domain.netbiosDomain,
    key: JSON.stringify(domain.key),
    agent_id: agentId,
  };
  await scope
    .insert('managed_domains', { ...values, registered_at: new Date() })
    .onConflict(conflict =>
      conflict.column('tenant_id').doUpdateSet({
        ...values,
        // A repeated registration of the same key is none.
        registered_at: sql`case when managed_domains.key = excluded.key
          then managed_domains.registered_at else excluded.registered_at end`,
      }),
    )
    .execute();
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
      registeredAt: row.registered_at.toISOString(),
    },
  };
}

const POLL_MS = 200;

/**
 * Users changed after a cursor, oldest change first; each once, as it is now. Waits for the first when there are
 * none. A cursor from beyond the counter comes from before the database was restored: the feed begins anew, which
 * the reader's ledger makes harmless.
 */
export async function readChanges(
  scope: TenantScope,
  query: { after: number; limit: number; wait: number },
  signal: AbortSignal,
): Promise<{ items: FeedItem[]; cursor: string; more: boolean }> {
  const until = Date.now() + query.wait * 1000;
  for (;;) {
    const newest = await readCounter(scope);
    const after = query.after > newest ? 0 : query.after;
    const items = newest === after ? [] : await readPage(scope, after, query.limit + 1);
    const left = until - Date.now();
    if (items.length > 0 || left <= 0 || signal.aborted) {
      const page = items.slice(0, query.limit);
      return { items: page, cursor: page.at(-1)?.cursor ?? String(after), more: items.length > page.length };
    }
    await changed(scope.tenantId, Math.min(left, POLL_MS), signal);
  }
}

/** Waits until this process has committed a change of the tenant, and no longer than `milliseconds`. */
async function changed(tenantId: string, milliseconds: number, signal: AbortSignal): Promise<void> {
  const wake = new AbortController();
  const ring = (): void => wake.abort();
  changes.once(tenantId, ring);
  try {
    await sleep(milliseconds, AbortSignal.any([signal, wake.signal]));
  } finally {
    changes.off(tenantId, ring);
  }
}

async function readPage(scope: TenantScope, after: number, limit: number): Promise<FeedItem[]> {
  const rows = await scope
    .select('users')
    .select(['id', 'origin', 'forest', 'source_anchor', 'account_record', 'credential_record', 'profile'])
    .select('changed_seq')
    .where('changed_seq', '>', after)
    .where('account_record', 'is not', null)
    .orderBy('changed_seq')
    .limit(limit)
    .execute();
  return rows.map(row => ({
    cursor: String(row.changed_seq),
    userId: row.id,
    origin: row.origin,
    forest: row.forest,
    sourceAnchor: row.source_anchor ?? row.id,
    accountRecord: row.account_record,
    credentialRecord: row.credential_record,
    profile: row.profile,
  }));
}

/** Keeps what the managed domain did with the records that are current; reports of earlier ones come too late. */
export async function storeReports(scope: TenantScope, reports: readonly DomainReport[]): Promise<void> {
  const latest = new Map<string, DomainReport>();
  for (const report of reports) {
    const key = `${report.kind} ${report.sourceAnchor}`;
    if ((latest.get(key)?.sequence ?? -1) <= report.sequence) latest.set(key, report);
  }
  const rows = [...latest.values()];
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
        where users.tenant_id = ${tenantId} and users.source_anchor = r."sourceAnchor"
          and users.credential_sequence = r.sequence`,
    );
  }
  if (accounts.length > 0) {
    await scope.run(
      tenantId => sql`
        update users set account_outcome = r.outcome, account_reason = r.reason
        from jsonb_to_recordset(${json(accounts)})
          as r ("sourceAnchor" text, sequence bigint, outcome text, reason text)
        where users.tenant_id = ${tenantId} and users.source_anchor = r."sourceAnchor"
          and users.account_sequence = r.sequence`,
    );
  }
}
