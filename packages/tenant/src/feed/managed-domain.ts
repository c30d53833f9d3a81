import type { PublicKey, RegisteredDomain, Replaces, WindowsCredentialsSyncConfig } from '@causeway/contract';
import { domainFingerprint } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { sql } from 'kysely';
import { countDecision, lockCounter } from '../changes/change-counter.ts';
import { changes } from '../changes/change-signal.ts';
import { kindOfAgent } from '../clients/agents.ts';
import { NO_LEGACY, recordCloudUsers } from '../people/cloud-records.ts';
import { noManagedDomain, UNCONFIRMED } from '../people/domain-confirmation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

interface Registration {
  readonly realm: string;
  readonly netbiosDomain: string;
  readonly key: PublicKey;
  readonly receiptKey: PublicKey;
  readonly replaces?: Replaces | undefined;
}

/**
 * Registers the managed domain, or the same one again. INVARIANT: a domain with another realm or another key replaces the
 * registered one only if its registration names that one in its current state, and then an administrator has to confirm the new
 * one. Connect trusts keys only after an administrator confirmed them. Records that were sealed here to another key are useless
 * then, and are deleted.
 * @returns the realm of the domain that was replaced
 * @throws CausewayError 'other-managed-domain', or 'other-agent' for another agent with the keys of the registered domain
 */
export async function registerDomainKey(
  scope: TenantScope,
  agentId: string,
  { replaces, ...domain }: Registration,
): Promise<{ replaced: string | undefined }> {
  const values = {
    realm: domain.realm,
    netbios_domain: domain.netbiosDomain,
    key: JSON.stringify(domain.key),
    receipt_key: JSON.stringify(domain.receiptKey),
    agent_id: agentId,
  };
  const replaced = await scope.transaction(async inside => {
    // Passwords are sealed under the same lock, each to the domain of that moment. Of two domains that replace one, only the
    // first finds it.
    const counter = await lockCounter(inside);
    const { domain: before } = await readSyncConfig(inside);
    const same = before !== null && isSame(before, domain);
    if (before && !same) refuseUnlessNamed(before, domain, replaces);
    if (same) await refuseWhileOtherAgent(inside, agentId);
    await inside
      .insert('managed_domains', { ...values, registered_at: inside.now() })
      .onConflict(conflict =>
        conflict
          .column('tenant_id')
          .doUpdateSet({ ...values, ...(!same && { registered_at: inside.now(), ...UNCONFIRMED }) }),
      )
      .execute();
    if (!same) await forgetWhatWasThere(inside);
    await recordCloudUsers(inside, same ? 'unrecorded' : 'everybody', counter.next);
    await counter.save();
    return same ? undefined : before?.realm;
  });
  changes.emit(scope.tenantId);
  return { replaced };
}

/** Compares public keys in full: knowing only one half of a pair must not win the domain's place. */
function isSame(before: RegisteredDomain, domain: Registration): boolean {
  return (
    before.realm.toUpperCase() === domain.realm.toUpperCase() &&
    before.key.publicKey === domain.key.publicKey &&
    before.receiptKey.publicKey === domain.receiptKey.publicKey
  );
}

function refuseUnlessNamed(
  before: RegisteredDomain,
  domain: Registration,
  replaces: Replaces | undefined,
): void {
  const fingerprint = domainFingerprint(before.key.publicKey, before.receiptKey.publicKey);
  const named = replaces?.realm.toUpperCase() === before.realm.toUpperCase();
  if (named && replaces.fingerprint === fingerprint) return;
  const asked = replaces ? `, not ${replaces.realm} (${replaces.fingerprint})` : '';
  throw new CausewayError(
    'other-managed-domain',
    `the tenant has the managed domain ${before.realm} (${fingerprint}) since ${before.registeredAt}${asked}; a tenant has one, so ${domain.realm} with other keys was not registered\nTo replace the other one:\n  causeway domain register --replace ${before.realm}`,
  );
}

/**
 * The keys are public, so they prove nothing: while the agent that registered them is enrolled, no other agent can speak for that domain.
 */
async function refuseWhileOtherAgent(inside: TenantScope, agentId: string): Promise<void> {
  const { agent_id: id } = await inside
    .select('managed_domains')
    .select('agent_id')
    .executeTakeFirstOrThrow();
  if (id === agentId || (await kindOfAgent(inside, id)) === undefined) return;
  throw new CausewayError(
    'other-agent',
    `the agent ${id} registered this managed domain and is enrolled, so ${agentId} was not registered for it\nIf the other one is gone for good, remove it:\n  causeway tenant agents remove ${id}`,
  );
}

/** The old domain's outcomes apply to no domain now, and its last statement says nothing of the next one. */
async function forgetWhatWasThere(inside: TenantScope): Promise<void> {
  await inside.update('users').set(NO_LEGACY).where('origin', '=', 'cloud').execute();
  // A forest's records stay: only its Connect can make others, and its heads count them.
  await inside
    .update('users')
    .set(NO_OUTCOME)
    .where(({ eb, or }) => or([eb('legacy_outcome', 'is not', null), eb('account_outcome', 'is not', null)]))
    .execute();
  await inside
    .update('groups')
    .set(NO_GROUP_OUTCOME)
    .where(({ eb, or }) => or([eb('group_outcome', 'is not', null), eb('members_outcome', 'is not', null)]))
    .execute();
  await inside.delete('statements').where('kind', '=', 'receipt').execute();
  await inside.delete('newer_in_domain').execute();
}

const NO_OUTCOME = {
  legacy_sequence: null,
  legacy_outcome: null,
  legacy_reason: null,
  legacy_reported_at: null,
  legacy_applied_at: null,
  account_outcome: null,
  account_reason: null,
};

const NO_GROUP_OUTCOME = {
  group_outcome: null,
  group_reason: null,
  group_reported_at: null,
  members_outcome: null,
  members_reason: null,
  members_reported_at: null,
};

/**
 * Withdraws the managed domain: nothing more is sealed to its key, and its outcomes apply no longer. Its
 * agent keeps reading until an administrator removes it, so that deletions still arrive.
 * @throws CausewayError 'no-managed-domain'
 */
export async function withdrawDomain(scope: TenantScope): Promise<{ realm: string }> {
  return scope.transaction(async inside => {
    await countDecision(inside);
    const withdrawn = await inside.delete('managed_domains').returning('realm').executeTakeFirst();
    if (!withdrawn) throw noManagedDomain();
    await forgetWhatWasThere(inside);
    return withdrawn;
  });
}

/** Whether this agent is that of the tenant's managed domain. Any other agent reports about another domain. */
export async function isOfTheDomain(scope: TenantScope, agentId: string): Promise<boolean> {
  const row = await scope.select('managed_domains').select('agent_id').executeTakeFirst();
  return row?.agent_id === agentId;
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

/** The records that the managed domain announced last; undefined without a domain. */
export async function readDomainAccepts(scope: TenantScope): Promise<string[] | undefined> {
  const { rows } = await scope.run<{ accepts: string[] | null }>(
    tenantId => sql`
      select accepts from managed_domains left join agents on agents.tenant_id = ${tenantId} and agents.id = agent_id
      where managed_domains.tenant_id = ${tenantId}`,
  );
  return rows[0] && (rows[0].accepts ?? []);
}
