import { z } from 'zod';
import { Empty, Timestamp, UserText } from '../common.ts';
import { route } from '../http/route.ts';

/** A cloud-only user who administers the tenant. */
export const Administrator = z.strictObject({
  id: z.uuid(),
  userPrincipalName: z.string(),
  /** Enabled and not blocked. At least one such administrator has to stay. */
  able: z.boolean(),
  tokens: z.int(),
});
export type Administrator = z.infer<typeof Administrator>;

/** An administrator's bearer token, by an identifier that grants nothing. */
export const AdministratorToken = z.strictObject({
  id: z.uuid(),
  administrator: z.string(),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  /** The token of this request. */
  own: z.boolean(),
});
export type AdministratorToken = z.infer<typeof AdministratorToken>;

/**
 * Who administers the tenant, and their tokens. Tokens are made only on the tenant's machine, so that a stolen one can neither extend its
 * life nor make another.
 */
export const administratorRoutes = {
  listAdministrators: route({
    method: 'GET',
    path: '/api/v1/administrators',
    access: ['admin'],
    summary: 'the administrators of the tenant',
    reply: z.strictObject({ administrators: z.array(Administrator) }),
  }),
  addAdministrator: route({
    method: 'POST',
    path: '/api/v1/administrators',
    access: ['admin'],
    summary: 'makes a cloud-only user an administrator; idempotent',
    body: z.strictObject({ user: UserText }),
    reply: Empty,
  }),
  removeAdministrator: route({
    method: 'DELETE',
    path: '/api/v1/administrators/:user',
    access: ['admin'],
    summary: 'makes an administrator a user like others; their tokens end at once',
    params: z.strictObject({ user: UserText }),
    reply: Empty,
  }),
  listTokens: route({
    method: 'GET',
    path: '/api/v1/tokens',
    access: ['admin'],
    summary: "the administrators' tokens that are valid",
    reply: z.strictObject({ tokens: z.array(AdministratorToken) }),
  }),
  revokeToken: route({
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    access: ['admin'],
    summary: "ends an administrator's token at once",
    params: z.strictObject({ id: z.uuid() }),
    reply: Empty,
  }),
};
