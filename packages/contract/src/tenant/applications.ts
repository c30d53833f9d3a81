import { z } from 'zod';
import { Empty, Timestamp } from '../common.ts';
import { route } from '../http/route.ts';

/** What people sign in to: an OIDC relying party. */
export const Application = z.strictObject({
  clientId: z.uuid(),
  name: z.string(),
  redirectUris: z.array(z.string()),
  postLogoutRedirectUris: z.array(z.string()),
  /** Whether it has a secret, and so proves itself by it. */
  secret: z.boolean(),
  createdAt: Timestamp,
});
export type Application = z.infer<typeof Application>;

/** Beside `registerApplication` of the administration. */
export const applicationRoutes = {
  listApplications: route({
    method: 'GET',
    path: '/api/v1/applications',
    access: ['admin'],
    summary: 'the applications that people sign in to',
    reply: z.strictObject({ applications: z.array(Application) }),
  }),
  removeApplication: route({
    method: 'DELETE',
    path: '/api/v1/applications/:id',
    access: ['admin'],
    summary: 'removes an application: its codes and access tokens end at once',
    params: z.strictObject({ id: z.uuid() }),
    reply: Empty,
  }),
};
