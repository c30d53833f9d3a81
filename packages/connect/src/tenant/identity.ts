import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CallError,
  type Endpoint,
  enrolAgent,
  type Identity,
  type IdentityFiles,
  isRemoved,
  openTenant,
  readIdentity,
  type Send,
  saveIdentity,
  tenantEndpoint,
} from '@causeway/api';
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
import type { ConnectConfiguration } from '../configuration.ts';

/** The identity at the tenant with the key that signs this Connect's records. */
export interface Agent extends Identity {
  readonly signingKey: SigningKey;
  readonly publicKey: PublicKeyInfo;
}

const filesOf = (state: string): IdentityFiles => ({
  identity: join(state, 'identity.json'),
  key: join(state, 'agent-key.pem'),
});
const signingKeyFile = (state: string): string => join(state, 'signing-key.pem');

/** The command that an administrator runs at the tenant. */
export const MAKE_CODE = 'causeway tenant enrolment create --kind connect --name NAME --forest FOREST';

export interface EnrolOptions {
  /** Whether this Connect enrols as one that stages. */
  readonly staging?: boolean;
  /** Stores what must be stored before the identity. */
  readonly beforeSaved?: () => Promise<void>;
}

/**
 * Enrols at a tenant by a one-time code. Makes the signing key once and keeps it, because the managed domain's administrator
 * may have confirmed its fingerprint.
 *
 * @throws CausewayError 'already-enrolled' or 'not-own', CallError if the tenant refuses
 */
export async function enrol(
  stateDirectory: string,
  endpoint: Endpoint,
  code: string,
  { staging = false, beforeSaved }: EnrolOptions = {},
): Promise<Agent> {
  takeStateFolder(stateDirectory);
  const files = filesOf(stateDirectory);
  if (existsSync(files.identity)) {
    throw new CausewayError(
      'already-enrolled',
      `this Connect is enrolled already: '${files.identity}' exists`,
    );
  }
  if (!existsSync(signingKeyFile(stateDirectory)))
    writePrivateFile(signingKeyFile(stateDirectory), exportSigningKey(generateSigningKey()));
  const signingKey = readSigningKey(stateDirectory);
  const publicKey = signingPublicKey(signingKey);
  const identity = await enrolAgent(files, endpoint, { code, signingKey: publicKey, staging });
  await beforeSaved?.();
  saveIdentity(files, identity);
  return { ...identity, signingKey, publicKey };
}

/** @throws CausewayError 'not-enrolled', 'not-own' or 'file-not-private' */
export function readAgent(stateDirectory: string): Agent {
  checkStateFolder(stateDirectory);
  const identity = readIdentity(filesOf(stateDirectory));
  if (!identity) {
    throw new CausewayError('not-enrolled', 'this Connect is not enrolled at a tenant yet');
  }
  const signingKey = readSigningKey(stateDirectory);
  return { ...identity, signingKey, publicKey: signingPublicKey(signingKey) };
}

/** The agent without its key. INVARIANT: a Connect that stages signs nothing, whatever asks for it. */
export function withoutKey({ signingKey: _, ...agent }: Agent): Agent {
  const get = (): never => {
    throw new CausewayError('staging', 'this Connect stages: it signs nothing');
  };
  return Object.defineProperty(agent, 'signingKey', { get }) as Agent;
}

/**
 * A transport that proves this Connect's identity to the tenant.
 * @throws CausewayError 'agent-key-missing' or 'file-not-private'; CallError, which says so if the tenant no longer accepts this Connect
 */
export async function agentTransport(configuration: ConnectConfiguration, agent: Agent): Promise<Send> {
  const endpoint = tenantEndpoint(configuration.tenant, configuration.timeoutMs);
  const files = filesOf(configuration.stateDirectory);
  if (!existsSync(files.key)) throw keyMissing(files, agent);
  const send = await openTenant(files, endpoint, agent);
  return async (path, init) => {
    try {
      return await send(path, init);
    } catch (error) {
      throw error instanceof CallError && isRemoved(error) ? notAccepted(agent, error) : error;
    }
  };
}

function keyMissing({ identity, key }: IdentityFiles, { agentId }: Agent): CausewayError {
  return new CausewayError(
    'agent-key-missing',
    `the agent's key '${key}' is missing\nRestore it from the backup. If there is none, move '${identity}' away, have an administrator create a code, and enrol again:\n  ${MAKE_CODE} --replace ${agentId}\n  causeway connect enrol --code-file FILE`,
  );
}

function notAccepted({ tenantName, agentId }: Agent, cause: CallError): CallError {
  return new CallError(
    cause.status,
    cause.code,
    `the tenant '${tenantName}' does not accept this Connect (agent ${agentId}), and nothing is sent: another Connect took its place, it was removed there, the tenant was restored from before its enrolment, or clocks differ by minutes; 'causeway tenant agents list' shows who is there`,
  );
}

function readSigningKey(stateDirectory: string): SigningKey {
  return importSigningKey(readPrivateFile(signingKeyFile(stateDirectory)));
}
