import {
  type Identity,
  makeLostKey,
  openTenant as openTenantAs,
  readIdentity,
  type Send,
  tenantEndpoint,
} from '@causeway/api';
import { CausewayError } from '@causeway/service';
import { type DomainConfiguration, POLL_SECONDS } from '../configuration.ts';
import type { Places } from '../places.ts';

/** The command that a member of 'AAD DC Administrators' runs at the tenant. */
export const MAKE_CODE = 'causeway tenant enrolment create --kind domain --name NAME';

/** @param known the tenant's earlier answer, if it no longer accepts the agent */
export function codeNeeded(known: Identity | undefined): CausewayError {
  const why = known
    ? `the tenant '${known.tenantName}' does not accept the agent ${known.agentId} of this domain: it was removed there, another agent took its place, the tenant was restored from before its enrolment, or clocks differ by minutes`
    : 'the agent is not enrolled with the tenant';
  return new CausewayError(
    'code-needed',
    `${why}; give a one-time code by --code-file FILE ('-' is standard input), which a member of 'AAD DC Administrators' makes: ${MAKE_CODE}`,
  );
}

/** @throws CausewayError 'not-enrolled' */
export function requireIdentity(places: Places): Identity {
  const identity = readIdentity(places.agent);
  if (identity) return identity;
  throw new CausewayError('not-enrolled', `the managed domain in '${places.stateDirectory}' is not complete`);
}

/**
 * Opens the connection to the tenant, which may hold a request for the feed. A lost key stops no service: the domain keeps running. The
 * tenant does not know the new key, so the domain's standing there says what to do.
 */
export function openTenant(
  places: Places,
  tenant: DomainConfiguration['tenant'],
  identity: Identity,
): Promise<Send> {
  makeLostKey(places.agent);
  const endpoint = { ...tenantEndpoint(tenant), longPollMs: POLL_SECONDS * 1000 };
  return openTenantAs(places.agent, endpoint, identity);
}
