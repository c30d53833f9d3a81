import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  AgentJwk,
  agentSend,
  call,
  enrolmentRoutes,
  httpSend,
  PROGRAM_VERSION,
  type Send,
} from '@causeway/contract';
import { CausewayError, readPrivateFile, writePrivateFile } from '@causeway/service';
import { z } from 'zod';
import type { DomainConfiguration } from './configuration.ts';
import { POLL_SECONDS } from './follower.ts';
import type { Places } from './places.ts';

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

type TenantEndpoint = DomainConfiguration['tenant'];

function endpointOf({ url, caFile }: TenantEndpoint): { url: string; ca?: string } {
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

/** Enrols by a one-time code, unless that has been done. */
export async function ensureEnrolled(
  places: Places,
  tenant: TenantEndpoint,
  code: string | undefined,
): Promise<Enrolment> {
  const known = readEnrolment(places);
  if (known) return known;
  if (code === undefined) {
    throw new CausewayError(
      'code-needed',
      'the agent is not enrolled with the tenant: give --code, which an administrator of the tenant makes',
    );
  }
  const jwk = createPublicKey(agentKeyPem(places)).export({ format: 'jwk' });
  const enrolment = await call(httpSend(endpointOf(tenant)), enrolmentRoutes.enrol, {
    body: {
      code,
      version: PROGRAM_VERSION,
      jwk: AgentJwk.parse({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }),
      signingKey: null,
    },
  });
  writePrivateFile(places.enrolment, `${JSON.stringify(enrolment, null, 2)}\n`);
  return enrolment;
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
