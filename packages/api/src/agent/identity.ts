import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { AgentJwk, enrolmentRoutes, PROGRAM_VERSION, type PublicKey, type ReplyOf } from '@causeway/contract';
import { readPrivateFile, writePrivateFile } from '@causeway/service';
import { call, type Send } from '../call/call.ts';
import type { Endpoint } from '../call/endpoint.ts';
import { agentSend, httpSend } from '../call/send.ts';
import { OWN_RUN } from './run.ts';

const Identity = enrolmentRoutes.enrol.reply;
/** Who an agent is at its tenant, as the tenant answered at enrolment. Holds nothing secret. */
export type Identity = ReplyOf<typeof enrolmentRoutes.enrol>;

/** The files of an agent's identity. */
export interface IdentityFiles {
  /** What the tenant answered (JSON). */
  readonly identity: string;
  /** The key by which the agent proves itself to the tenant (ES256, PKCS #8 PEM). Its private half is only in this file. */
  readonly key: string;
}

export interface Enrolment {
  /** One-time code from the tenant. */
  readonly code: string;
  /** Public half of the key that signs this agent's records; null if it signs none. */
  readonly signingKey: PublicKey | null;
  /** Whether the agent is in staging mode. */
  readonly staging?: boolean;
}

/**
 * Enrols by a one-time code. Does not save the answer: the caller first checks that this is the right tenant. Makes a new key if none
 * exists or if no identity uses the existing one.
 * @throws CallError if the tenant refuses
 */
export async function enrolAgent(
  files: IdentityFiles,
  endpoint: Endpoint,
  { code, signingKey, staging = false }: Enrolment,
): Promise<Identity> {
  if (existsSync(files.identity)) makeLostKey(files);
  else makeKey(files);
  const { kty, crv, x, y } = createPublicKey(readPrivateFile(files.key)).export({ format: 'jwk' });
  const jwk = AgentJwk.parse({ kty, crv, x, y });
  const body = {
    code,
    version: PROGRAM_VERSION,
    jwk,
    signingKey,
    ...(staging && { staging: true as const }),
  };
  return call(httpSend(endpoint), enrolmentRoutes.enrol, { body });
}

export function saveIdentity({ identity: file }: IdentityFiles, identity: Identity): void {
  writePrivateFile(file, `${JSON.stringify(identity, null, 2)}\n`);
}

/** Undefined before the agent is enrolled. @throws CausewayError 'file-not-private' */
export function readIdentity({ identity: file }: IdentityFiles): Identity | undefined {
  return existsSync(file) ? Identity.parse(JSON.parse(readPrivateFile(file))) : undefined;
}

/** The way to the tenant, with tokens of the agent's own. @throws CausewayError 'file-unreadable' or 'file-not-private' */
export async function openTenant(
  files: IdentityFiles,
  endpoint: Endpoint,
  identity: Identity,
): Promise<Send> {
  const der = createPrivateKey(readPrivateFile(files.key)).export({ type: 'pkcs8', format: 'der' });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  der.fill(0);
  return agentSend(endpoint, { ...identity, privateKey, run: OWN_RUN });
}

/** Replaces a lost key. The tenant does not know the new one, so the agent must enrol again. */
export function makeLostKey(files: IdentityFiles): void {
  if (!existsSync(files.key)) makeKey(files);
}

function makeKey({ key: file }: IdentityFiles): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writePrivateFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}
