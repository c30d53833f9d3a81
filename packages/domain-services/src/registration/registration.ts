import {
  callIfServed,
  httpSend,
  type Identity,
  isRemoved,
  readIdentity,
  type Send,
  tenantEndpoint,
} from '@causeway/api';
import {
  enrolmentRoutes,
  managedDomainRoutes,
  type RegisteredDomain,
  type Replaces,
} from '@causeway/contract';
import { domainFingerprint } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { DomainConfiguration } from '../configuration.ts';
import type { PublicDomainKeys } from '../pairing/domain-keys.ts';
import type { Places } from '../places.ts';
import { codeNeeded, openTenant } from './identity.ts';

/** A managed domain as it registers. It has no keys before its creation. */
export interface OwnDomain {
  realm: string;
  keys: PublicDomainKeys | undefined;
}

/** The managed domain that the tenant has; null for none, undefined if a tenant of the previous release does not say. */
export type Registered = RegisteredDomain | null | undefined;

/** Shown in that case. */
export const TENANT_IS_OLDER =
  'the tenant is of a release before and does not say which managed domain it has: one that it has loses its place without a question';

/** The tenant's answer before anything is changed there. */
export interface Look {
  tenantName: string;
  /** The enrolment that the tenant still accepts. Without it a code is needed. */
  enrolment: Identity | undefined;
  domain: Registered;
}

/** @throws CallError, also if the tenant no longer accepts this agent: see `isRemoved` */
async function readRegistered(send: Send): Promise<Registered> {
  return (await callIfServed(send, managedDomainRoutes.readDomain))?.domain;
}

/**
 * Asks the tenant which managed domain it has: as the enrolled agent, or else with a code, which stays unused.
 * @throws CausewayError 'code-needed' or 'other-tenant'; CallError
 */
export async function lookAtTenant(
  places: Places,
  tenant: DomainConfiguration['tenant'],
  code: string | undefined,
): Promise<Look> {
  const known = readIdentity(places.agent);
  if (known) {
    try {
      const domain = await readRegistered(await openTenant(places, tenant, known));
      return { tenantName: known.tenantName, enrolment: known, domain };
    } catch (error) {
      if (!isRemoved(error)) throw error;
    }
  }
  if (code === undefined) throw codeNeeded(known);
  const body = { code };
  const seen = await callIfServed(httpSend(tenantEndpoint(tenant)), enrolmentRoutes.previewEnrolment, {
    body,
  });
  if (!seen) return { tenantName: known?.tenantName ?? tenant.url, enrolment: undefined, domain: undefined };
  refuseOtherTenant(known, seen);
  return { tenantName: seen.tenantName, enrolment: undefined, domain: seen.domain };
}

/**
 * Refuses another tenant, because everything that this domain has was signed for one tenant.
 * @throws CausewayError 'other-tenant'
 */
export function refuseOtherTenant(
  known: Identity | undefined,
  { tenantId, tenantName }: { tenantId: string; tenantName: string },
): void {
  if (!known || known.tenantId === tenantId) return;
  throw new CausewayError(
    'other-tenant',
    `this managed domain belongs to the tenant '${known.tenantName}' (${known.tenantId}), and the code is of '${tenantName}' (${tenantId}): its people come from the first one`,
  );
}

/** Realm and both keys are equal, so it is this domain itself. */
export function isOwn({ realm, keys }: OwnDomain, domain: RegisteredDomain): boolean {
  return (
    domain.realm.toUpperCase() === realm.toUpperCase() &&
    domain.key.publicKey === keys?.key.publicKey &&
    domain.receiptKey.publicKey === keys.receiptKey.publicKey
  );
}

/**
 * The domain that is replaced; undefined if there is none. Pure.
 * @param named by `--replace`: its realm
 * @throws CausewayError 'other-managed-domain' if the tenant has another domain that was not named
 */
export function decideReplacement(
  own: OwnDomain,
  registered: Registered,
  named: string | undefined,
): Replaces | undefined {
  if (!registered || isOwn(own, registered)) return undefined;
  const { realm, registeredAt } = registered;
  const fingerprint = fingerprintOf(registered);
  if (named?.toUpperCase() === realm.toUpperCase()) return { realm, fingerprint };
  throw new CausewayError(
    'other-managed-domain',
    `the tenant has the managed domain ${realm} (${fingerprint}) since ${registeredAt}, and a tenant has one${named === undefined ? '' : `; '${named}' is not it`}; nothing was changed\nIf ${own.realm} takes its place:\n  causeway domain register --replace ${realm}`,
  );
}

/** Computed here from both keys. The fingerprint that the tenant shows is not used. */
export function fingerprintOf({ key, receiptKey }: RegisteredDomain): string {
  try {
    return domainFingerprint(key.publicKey, receiptKey.publicKey);
  } catch {
    return 'without keys that can be read';
  }
}

/** What an administrator has to know before one managed domain replaces another. */
export function replacementConsequences(
  realm: string,
  tenantName: string,
  { realm: other, fingerprint }: Replaces,
): string[] {
  return [
    `The tenant '${tenantName}' has the managed domain ${other} (${fingerprint}). If ${realm} takes its place:`,
    `- Nobody is deleted or disabled in ${other}. Its people stay enabled and sign in there with the passwords that it has, until somebody stops it.`,
    `- ${other} gets no new password any more, and raises an alarm. When this domain's agent enrols, the agent of ${other} is removed: from then on nobody who is disabled or deleted is disabled there.`,
    "- Connect's administrators must confirm the new fingerprint (causeway connect trust-domain). Until then no new password goes to any managed domain.",
    '- Passwords that do not change come to it by a forced full password sync alone (causeway connect force-password-sync).',
    '- Cloud-only people must change their passwords again, after the new fingerprint is confirmed at the tenant, too (causeway tenant trust-domain). causeway tenant users --missing legacy lists them.',
  ];
}
