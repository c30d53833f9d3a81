import { z } from 'zod';
import { Empty, Forest, PublicKey, Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';
import { RegisteredDomain } from './synchronization.ts';

export const AgentKind = z.enum(['connect', 'domain']);

/** Most forests that a Connect may speak for, one connector each. */
const MAX_FORESTS = 20;
const Forests = z.array(Forest).max(MAX_FORESTS);
/** Ids of the agents that this one replaces, and no others. An older release names none. */
const ReplacedAgents = z.array(z.uuid()).max(100).optional();

/** The public half of the key by which an agent proves itself at the token endpoint (private_key_jwt, ES256). */
export const AgentJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.base64url().length(43),
  y: z.base64url().length(43),
});
export type AgentJwk = z.infer<typeof AgentJwk>;

export const Agent = z.strictObject({
  id: z.uuid(),
  kind: AgentKind,
  name: z.string(),
  version: z.string(),
  /** Ed25519 key that signs records; Connect only. */
  signingKey: PublicKey.nullable(),
  /** What a Connect may provision. No other agent speaks for a forest. */
  forests: Forests,
  /** In staging mode: it may read but not send, until it is promoted. Shown to administrators only, and absent otherwise. */
  staging: z.literal(true).optional(),
  enrolledAt: Timestamp,
  lastSeenAt: Timestamp.nullable(),
});
export type Agent = z.infer<typeof Agent>;

export const enrolmentRoutes = {
  createEnrolment: route({
    method: 'POST',
    path: '/api/v1/enrolments',
    access: ['admin'],
    summary:
      'makes a one-time code by which an agent enrols; another agent that does the same already has to be named in `replaces`',
    body: z
      .strictObject({
        kind: AgentKind,
        name: text(100).min(1),
        forests: Forests.default([]),
        replaces: ReplacedAgents,
        /** A Connect in staging mode, which replaces no other. */
        staging: z.literal(true).optional(),
      })
      .refine(({ kind, staging, replaces }) => !staging || (kind === 'connect' && !replaces?.length), {
        path: ['staging'],
        message: 'a Connect can stage, and one that does takes the place of nobody',
      })
      .refine(({ kind, forests }) => (kind === 'connect') === forests.length > 0, {
        path: ['forests'],
        message: 'a Connect is enrolled for the forests that it reads, at least one; nothing else for any',
      }),
    reply: z.strictObject({ code: z.string(), expiresAt: Timestamp }),
  }),
  enrol: route({
    method: 'POST',
    path: '/enrol',
    access: ['public'],
    summary: 'enrols an agent by its one-time code',
    body: z.strictObject({
      code: z.string().min(1).max(200),
      version: text(50),
      jwk: AgentJwk,
      signingKey: PublicKey.nullable(),
      /** In staging mode. Absent from an agent that writes, and from releases without staging. */
      staging: z.literal(true).optional(),
    }),
    reply: z.strictObject({
      tenantId: z.uuid(),
      tenantName: z.string(),
      agentId: z.uuid(),
      /** OAuth 2 client id for private_key_jwt: the agent's id. */
      clientId: z.string(),
      issuer: z.url(),
      tokenEndpoint: z.url(),
    }),
  }),
  previewEnrolment: route({
    method: 'POST',
    path: '/enrol/preview',
    access: ['public'],
    summary: 'what a managed domain would find that enrols by this code, which stays unused',
    body: z.strictObject({ code: z.string().min(1).max(200) }),
    reply: z.strictObject({
      tenantId: z.uuid(),
      tenantName: z.string(),
      domain: RegisteredDomain.nullable(),
    }),
  }),
  listAgents: route({
    method: 'GET',
    path: '/api/v1/agents',
    access: ['admin', 'domain'],
    summary: 'lists the enrolled agents with their public keys',
    reply: z.strictObject({ agents: z.array(Agent) }),
  }),
  setForests: route({
    method: 'PUT',
    path: '/api/v1/agents/:id/forests',
    access: ['admin'],
    summary:
      'sets the forests that a Connect may provision, from now on; another Connect that speaks for a new one has to be named in `replaces`',
    params: z.strictObject({ id: z.uuid() }),
    body: z.strictObject({ forests: Forests.min(1), replaces: ReplacedAgents }),
    reply: Empty,
  }),
  removeAgent: route({
    method: 'DELETE',
    path: '/api/v1/agents/:id',
    access: ['admin'],
    summary: 'removes an agent: its tokens end at once',
    params: z.strictObject({ id: z.uuid() }),
    reply: Empty,
  }),
};
