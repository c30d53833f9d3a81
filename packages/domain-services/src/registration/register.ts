import {
  call,
  enrolAgent,
  type Identity,
  readIdentity,
  type Send,
  saveIdentity,
  tenantEndpoint,
} from '@causeway/api';
import { managedDomainRoutes, type RegisterRequest } from '@causeway/contract';
import type { DomainConfiguration } from '../configuration.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PublicDomainKeys } from '../pairing/domain-keys.ts';
import type { Places } from '../places.ts';
import { codeNeeded, openTenant } from './identity.ts';
import { type Look, lookAtTenant, refuseOtherTenant } from './registration.ts';
import { noteStanding } from './standing.ts';

export interface RegisterSources {
  places: Places;
  configuration: DomainConfiguration;
  keys: PublicDomainKeys;
}

export interface Enrolled {
  enrolment: Identity;
  send: Send;
}

/**
 * Enrols the agent if the tenant does not accept it (any more), and registers realm and keys. Repeating it changes nothing.
 * @throws CallError, 'other-managed-domain' above all; CausewayError 'code-needed' or 'other-tenant'
 */
export async function registerAtTenant(
  { places, configuration, keys }: RegisterSources,
  look: Look,
  { code, replaces }: RegisterRequest,
): Promise<Enrolled> {
  const { tenant, realm, netbiosDomain } = configuration;
  const enrolment = look.enrolment ?? (await enrolAnew(places, tenant, code));
  const send = await openTenant(places, tenant, enrolment);
  const { key, receiptKey } = keys;
  const body = { realm, netbiosDomain, key, receiptKey, ...(replaces && { replaces }) };
  await call(send, managedDomainRoutes.registerDomainKey, { body });
  return { enrolment, send };
}

async function enrolAnew(
  places: Places,
  tenant: DomainConfiguration['tenant'],
  code: string | undefined,
): Promise<Identity> {
  const known = readIdentity(places.agent);
  if (code === undefined) throw codeNeeded(known);
  const enrolment = await enrolAgent(places.agent, tenantEndpoint(tenant), { code, signingKey: null });
  refuseOtherTenant(known, enrolment);
  saveIdentity(places.agent, enrolment);
  return enrolment;
}

/**
 * Registers an existing managed domain again, and reads its feed from the start: for what happened at the tenant meanwhile, and to report
 * every user to it again. Equal records cost nothing.
 * @throws as `registerAtTenant`
 */
export async function registerAgain(
  sources: RegisterSources & { ledger: Ledger },
  request: RegisterRequest,
): Promise<Enrolled> {
  const { ledger, places, configuration, keys } = sources;
  const look = await lookAtTenant(places, configuration.tenant, request.code);
  const registered = await registerAtTenant(sources, look, request);
  const detail = request.replaces
    ? `in the place of ${request.replaces.realm}`
    : 'in the place of no other one';
  ledger.transaction(() => {
    ledger.state.set('cursor', '');
    noteStanding(ledger, { state: 'registered' });
    ledger.audit.add({ action: 'register', subject: keys.fingerprint, detail });
  });
  return registered;
}
