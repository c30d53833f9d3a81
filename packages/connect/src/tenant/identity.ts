import { generateKeyPairSync, type JsonWebKey, webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentSend, CallError, call, type Endpoint, httpSend, isRemoved, type Send } from '@causeway/api';
import { AgentJwk, enrolmentRoutes, PROGRAM_VERSION } from '@causeway/contract';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type PublicKeyInfo,
  type SigningKey,
  signingPublicKey,
} from '@causeway/records';
import {
  CausewayError,
  checkStateFolder,
  readPrivateFile,
  takeStateFolder,
  writePrivateFile,
} from '@causeway/service';
import { z } from 'zod';
import type { ConnectConfiguration } from '../configuration.ts';

/** Who this Connect is at its tenant, as it was told at enrolment. */
const Identity = z.strictObject({
  tenantId: z.uuid(),
  tenantName: z.string(),
  agentId: z.uuid(),
  clientId: z.string(),
  issuer: z.url(),
  tokenEndpoint: z.url(),
});
export type Identity = z.infer<typeof Identity>;

/** The identity with the keys that prove it. */
export interface Agent extends Identity {
  readonly signingKey: SigningKey;
  readonly publicKey: PublicKeyInfo;
}

const identityFile = (state: string): string => join(state, 'identity.json');
const signingKeyFile = (state: string): string => join(state, 'signing-key.pem');
const agentKeyFile = (state: string): string => join(state, 'agent-key.pem');

/** What an administrator gives at the tenant. */
export const MAKE_CODE = 'causeway tenant enrolment create --kind connect --name NAME --forest FOREST';

/**
 * Enrols at a tenant by a one-time code. The signing key is made once and kept: the managed domain's administrator has
 * confirmed its fingerprint, perhaps.
 *
 * @throws CausewayError 'already-enrolled' or 'not-own', CallError when the tenant refuses
 */
export async function enrol(stateDirectory: string, endpoint: Endpoint, code: string): Promise<Agent> {
  takeStateFolder(stateDirectory);
  if (existsSync(identityFile(stateDirectory))) {
    throw new CausewayError(
      'already-enrolled',
      `'${identityFile(stateDirectory)}' exists: this Connect is enrolled; move the file away to enrol it anew`,
    );
  }
  if (!existsSync(signingKeyFile(stateDirectory)))
    writePrivateFile(signingKeyFile(stateDirectory), exportSigningKey(generateSigningKey()));
  const signingKey = readSigningKey(stateDirectory);
  const agentKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writePrivateFile(
    agentKeyFile(stateDirectory),
    agentKey.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  );
  const { kty, crv, x, y } = agentKey.publicKey.export({ format: 'jwk' }) as JsonWebKey;
  const jwk = AgentJwk.parse({ kty, crv, x, y });
  const body = { code, version: PROGRAM_VERSION, jwk, signingKey: signingPublicKey(signingKey) };
  const identity = await call(httpSend(endpoint), enrolmentRoutes.enrol, { body });
  writePrivateFile(identityFile(stateDirectory), `${JSON.stringify(Identity.parse(identity), null, 2)}\n`);
  return { ...identity, signingKey, publicKey: signingPublicKey(signingKey) };
}

/** @throws CausewayError 'not-enrolled', 'not-own' or 'file-not-private' */
export function readAgent(stateDirectory: string): Agent {
  checkStateFolder(stateDirectory);
  if (!existsSync(identityFile(stateDirectory))) {
    throw new CausewayError(
      'not-enrolled',
      `this Connect is not enrolled at a tenant yet: an administrator makes a code with '${MAKE_CODE}', then run 'causeway connect enrol --code-file FILE'`,
    );
  }
  const identity = Identity.parse(JSON.parse(readPrivateFile(identityFile(stateDirectory))));
  const signingKey = readSigningKey(stateDirectory);
  return { ...identity, signingKey, publicKey: signingPublicKey(signingKey) };
}

/** A transport to the tenant that proves who we are. @throws CallError that says so where the tenant does not accept this Connect any more */
export async function agentTransport(configuration: ConnectConfiguration, agent: Agent): Promise<Send> {
  const pem = readPrivateFile(agentKeyFile(configuration.stateDirectory));
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  der.fill(0);
  const endpoint = tenantEndpoint(configuration.tenant, configuration.timeoutMs);
  const send = agentSend(endpoint, { ...agent, privateKey });
  return async (path, init) => {
    try {
      return await send(path, init);
    } catch (error) {
      throw error instanceof CallError && isRemoved(error) ? notAccepted(agent, error) : error;
    }
  };
}

function notAccepted({ tenantName, agentId }: Agent, cause: CallError): CallError {
  return new CallError(
    cause.status,
    cause.code,
    `the tenant '${tenantName}' does not accept this Connect (agent ${agentId}), and nothing is sent: another Connect took its place, it was removed there, the tenant was restored from before its enrolment, or clocks differ by minutes; 'causeway tenant agents list' shows who is there`,
  );
}

/** @throws CausewayError 'ca-unreadable' */
export function tenantEndpoint(
  tenant: { url: string; caFile?: string | undefined },
  timeoutMs?: number,
): Endpoint {
  return {
    url: tenant.url,
    ...(tenant.caFile !== undefined && { ca: readCa(tenant.caFile) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CausewayError('ca-unreadable', `cannot read the tenant's CA file '${file}'`, { cause });
  }
}

function readSigningKey(stateDirectory: string): SigningKey {
  return importSigningKey(readPrivateFile(signingKeyFile(stateDirectory)));
}
