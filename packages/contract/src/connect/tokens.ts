import { z } from 'zod';
import { Empty, Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';

export const AdminToken = z.strictObject({
  name: text(100).min(1),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
});
export type AdminToken = z.infer<typeof AdminToken>;

/** Named tokens of the admin API. */
export const adminTokenRoutes = {
  listAdminTokens: route({
    method: 'GET',
    path: '/api/v1/tokens',
    access: ['local'],
    summary: 'named tokens of the admin API; never the tokens themselves',
    reply: z.strictObject({ tokens: z.array(AdminToken) }),
  }),
  createAdminToken: route({
    method: 'POST',
    path: '/api/v1/tokens',
    access: ['local'],
    summary: 'makes a named token; it is shown this once and kept as a digest',
    body: z.strictObject({ name: text(100).min(1), days: z.int().min(1).max(730).default(90) }),
    reply: z.strictObject({ token: z.string(), name: z.string(), expiresAt: Timestamp }),
  }),
  revokeAdminToken: route({
    method: 'DELETE',
    path: '/api/v1/tokens/:name',
    access: ['local'],
    summary: 'revokes a named token: it ends at once',
    params: z.strictObject({ name: text(100).min(1) }),
    reply: Empty,
  }),
};
