import type { DomainConfirmation } from '@causeway/contract';
import { domainFingerprint, normalizeFingerprint } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { Selectable } from 'kysely';
import { countDecision } from '../changes/change-counter.ts';
import type { ManagedDomainsTable } from '../database/schema.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

type ManagedDomain = Selectable<ManagedDomainsTable>;

/** Of keys that no administrator compared. */
export const UNCONFIRMED = { confirmed_fingerprint: null, confirmed_at: null, confirmed_by: null };

/** A managed domain whose keys an administrator confirmed. Sealing needs this type. */
export type ConfirmedDomain = ManagedDomain & { readonly confirmed_at: Date; readonly confirmed_by: string };

/** The fingerprint of both keys, computed here from the keys themselves. */
const fingerprintOf = ({ key, receipt_key }: ManagedDomain): string =>
  domainFingerprint(key.publicKey, receipt_key.publicKey);

/** INVARIANT: passwords are sealed only to keys with the confirmed fingerprint. */
const isConfirmed = (domain: ManagedDomain): domain is ConfirmedDomain =>
  domain.confirmed_fingerprint === fingerprintOf(domain);

const readDomain = (scope: TenantScope): Promise<ManagedDomain | undefined> =>
  scope.select('managed_domains').selectAll().executeTakeFirst();

/** The domain that passwords may be sealed to; undefined if there is none, or it is not confirmed. */
export async function confirmedDomain(inside: TenantScope): Promise<ConfirmedDomain | undefined> {
  const domain = await readDomain(inside);
  return domain && isConfirmed(domain) ? domain : undefined;
}

/** @returns null without a managed domain */
export async function readConfirmation(scope: TenantScope): Promise<DomainConfirmation | null> {
  const domain = await readDomain(scope);
  if (!domain) return null;
  const { owed } = await scope
    .select('users')
    .select(({ fn }) => fn.countAll<number>().as('owed'))
    .where('origin', '=', 'cloud')
    .where('source_anchor', 'is', null) // uses its index: the managed domain asks every few seconds
    .where('deleted_at', 'is', null)
    .where('credential_record', 'is', null)
    .executeTakeFirstOrThrow();
  return {
    ...{ realm: domain.realm, fingerprint: fingerprintOf(domain), owed },
    confirmed: isConfirmed(domain)
      ? { at: domain.confirmed_at.toISOString(), by: await nameOf(scope, domain.confirmed_by) }
      : null,
  };
}

async function nameOf(scope: TenantScope, userId: string): Promise<string> {
  const user = await scope
    .select('users')
    .select('user_principal_name')
    .where('id', '=', userId)
    .executeTakeFirst();
  return user?.user_principal_name ?? userId;
}

/**
 * Records that an administrator has compared the fingerprint that the managed domain itself shows.
 * @param text the fingerprint as it was typed
 * @throws CausewayError 'bad-fingerprint', 'no-managed-domain' or 'fingerprint-differs'
 */
export async function confirmDomain(
  scope: TenantScope,
  text: string,
  userId: string,
): Promise<DomainConfirmation> {
  const fingerprint = normalizeFingerprint(text);
  if (fingerprint === undefined) {
    throw new CausewayError('bad-fingerprint', 'a fingerprint of 13 groups of 4 characters expected');
  }
  return scope.transaction(async inside => {
    // Keys are registered under the same lock, so the compared keys are the ones that get confirmed.
    await countDecision(inside);
    const domain = await readDomain(inside);
    if (!domain) throw noManagedDomain();
    const registered = fingerprintOf(domain);
    if (registered !== fingerprint) {
      throw new CausewayError(
        'fingerprint-differs',
        `registered is ${domain.realm} with fingerprint ${registered}, not ${fingerprint}\nCompare with the fingerprint on the managed domain's own machine. If it is not the one that is registered, somebody else registered it: remove that agent, withdraw the domain, and register yours:\n  causeway tenant agents list\n  causeway tenant withdraw-domain\n  causeway domain register`,
      );
    }
    await inside
      .update('managed_domains')
      .set({ confirmed_fingerprint: fingerprint, confirmed_at: inside.now(), confirmed_by: userId })
      .execute();
    return (await readConfirmation(inside))!;
  });
}

export const noManagedDomain = (): CausewayError =>
  new CausewayError('no-managed-domain', 'this tenant has no managed domain');
