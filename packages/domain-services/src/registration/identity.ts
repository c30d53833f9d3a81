import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { agentSend, call, httpSend, type Send } from '@causeway/api';
import { AgentJwk, enrolmentRoutes, PROGRAM_VERSION } from '@causeway/contract';
import { CausewayError, readPrivateFile, writePrivateFile } from '@causeway/service';
import { z } from 'zod';
import { type DomainConfiguration, POLL_SECONDS } from '../configuration.ts';
import type { Places } from '../places.ts';

/** What the tenant said at enrolment; nothing in it is secret. */
const Enrolment = z.strictObject({
  tenantId: z.uuid(),
  tenantName: z.string(),
  agentId: z.uuid(),
  clientId: z.string(),
  issuer: z.url(),
  tokenEndpoint: z.url(),
});
export type Enrolment = z.infer<typeof Enrolment>;

export type TenantEndpoint = DomainConfiguration['tenant'];

export function endpointOf({ url, caFile }: TenantEndpoint): { url: string; ca?: string } {
  if (caFile === undefined) return { url };
  try {
    return { url, ca: readFileSync(caFile, 'utf8') };
  } catch (cause) {
    throw new CausewayError('ca-unreadable', `cannot read the tenant's CA file '${caFile}'`, { cause });
  }
}

/** The key by which this agent proves itself to the tenant (ES256); made once, private half in its file alone. */
function agentKeyPem(places: Places): string {
  if (!existsSync(places.agentKey)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writePrivateFile(places.agentKey, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  }
  return readPrivateFile(places.agentKey);
}

/** What a member of 'AAD DC Administrators' gives at the tenant. */
export const MAKE_CODE = 'causeway tenant enrolment create --kind domain --name NAME';

/** @param known what the tenant said earlier, of an agent that it accepts no more */
export function codeNeeded(known: Enrolment | undefined): CausewayError {
  const why = known
    ? `the tenant '${known.tenantName}' does not accept the agent ${known.agentId} of this domain: it was removed there, another agent took its place, the tenant was restored from before its enrolment, or clocks differ by minutes`
    : 'the agent is not enrolled with the tenant';
  return new CausewayError(
    'code-needed',
    `${why}; give a one-time code by --code-file FILE ('-' is standard input), which a member of 'AAD DC Administrators' makes: ${MAKE_CODE}`,
  );
}

/** Enrols by a one-time code, with the key that the agent has or gets now. @throws CallError */
export async function enrol(places: Places, tenant: TenantEndpoint, code: string): Promise<Enrolment> {
  const jwk = createPublicKey(agentKeyPem(places)).export({ format: 'jwk' });
  return call(httpSend(endpointOf(tenant)), enrolmentRoutes.enrol, {
    body: {
      code,
      version: PROGRAM_VERSION,
      jwk: AgentJwk.parse({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }),
      signingKey: null,
    },
  });
}

export function saveEnrolment(places: Places, enrolment: Enrolment): void {
  writePrivateFile(places.enrolment, `${JSON.stringify(enrolment, null, 2)}\n`);
}

export function readEnrolment(places: Places): Enrolment | undefined {
  if (!existsSync(places.enrolment)) return undefined;
  return Enrolment.parse(JSON.parse(readFileSync(places.enrolment, 'utf8')));
}

/** @throws CausewayError 'not-enrolled' */
export function requireEnrolment(places: Places): Enrolment {
  const enrolment = readEnrolment(places);
  if (enrolment) return enrolment;
  throw new CausewayError(
    'not-enrolled',
    `the managed domain in '${places.stateDirectory}' is not complete: run 'causeway domain create' again`,
  );
}

/** The way to the tenant with the agent's own token. */
export async function openTenant(
  places: Places,
  tenant: TenantEndpoint,
  enrolment: Enrolment,
): Promise<Send> {
  const privateKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(agentKeyPem(places)).export({ type: 'pkcs8', format: 'der' }),
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  );
  const endpoint = { ...endpointOf(tenant), longPollMs: POLL_SECONDS * 1000 };
  return agentSend(endpoint, { ...enrolment, privateKey });
}
