import { webcrypto } from 'node:crypto';
import { agentSend, call, httpSend, type Send } from '@causeway/api';
import { AAD_DC_ADMINISTRATORS, type AgentJwk, enrolmentRoutes, groupRoutes } from '@causeway/contract';
import { generateSigningKey, type SigningKey } from '@causeway/records';
import { FOREST } from './forest.ts';

/** An agent that has enrolled as a real one does: over HTTP, with keys of its own. */
export interface TestAgent {
  readonly id: string;
  readonly tenantId: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly send: Send;
  readonly signingKey: SigningKey;
  readonly privateKey: webcrypto.CryptoKey;
}

const STAGES = { staging: true as const };

export async function makeAgentKeys(): Promise<{ jwk: AgentJwk; privateKey: webcrypto.CryptoKey }> {
  const pair = (await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const { x, y } = await webcrypto.subtle.exportKey('jwk', pair.publicKey);
  return { jwk: { kty: 'EC', crv: 'P-256', x: x!, y: y! }, privateKey: pair.privateKey };
}

/**
 * @param replaces ids of agents whose place it takes; by default all existing agents
 * @param staging a staging Connect, which takes no other's place
 */
export async function enrolAgent(
  url: string,
  admin: Send,
  kind: 'connect' | 'domain',
  name = `test ${kind}`,
  forests = kind === 'connect' ? [FOREST] : [],
  replaces?: string[],
  staging = false,
): Promise<TestAgent> {
  if (kind === 'domain') {
    const { id } = await call(admin, groupRoutes.getMe);
    const params = { group: AAD_DC_ADMINISTRATORS };
    await call(admin, groupRoutes.addGroupMember, { params, body: { user: id } });
  }
  const { agents } = await call(admin, enrolmentRoutes.listAgents);
  const place = staging ? STAGES : { replaces: replaces ?? agents.map(({ id }) => id) };
  const body = { kind, name, forests, ...place };
  const { code } = await call(admin, enrolmentRoutes.createEnrolment, { body });
  const { jwk, privateKey } = await makeAgentKeys();
  const signingKey = generateSigningKey();
  const enrolled = await call(httpSend({ url }), enrolmentRoutes.enrol, {
    body: {
      ...{ code, version: '1.0.0', jwk },
      signingKey: kind === 'connect' ? signingKey.publicKey : null,
      ...(staging && STAGES),
    },
  });
  return {
    id: enrolled.agentId,
    tenantId: enrolled.tenantId,
    issuer: enrolled.issuer,
    tokenEndpoint: enrolled.tokenEndpoint,
    send: agentSend({ url }, { ...enrolled, privateKey, version: '1.0.0' }),
    signingKey,
    privateKey,
  };
}
