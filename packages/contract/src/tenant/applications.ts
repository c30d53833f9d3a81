import { z } from 'zod';
import { Empty, Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { GroupText } from './groups.ts';

/** How an application is told people's groups. */
export const GroupsClaim = z.enum(['ids', 'names']);
export type GroupsClaim = z.infer<typeof GroupsClaim>;

/** What people sign in to: an OIDC relying party. */
export const Application = z.strictObject({
  clientId: z.uuid(),
  name: z.string(),
  redirectUris: z.array(z.string()),
  postLogoutRedirectUris: z.array(z.string()),
  /** Whether it has a secret, and so proves itself by it. */
  secret: z.boolean(),
  createdAt: Timestamp,
  /** Absent: it is told nothing of groups. */
  groups: GroupsClaim.optional(),
  /** Whose members alone may sign in to it; absent: everybody. */
  forGroup: z
    .strictObject({
      id: z.uuid(),
      displayName: z.string().nullable(),
      /** False where it is deleted, or no security group any more: nobody may sign in. */
      usable: z.boolean(),
    })
    .optional(),
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
  changeApplication: route({
    method: 'PUT',
    path: '/api/v1/applications/:id',
    access: ['admin'],
    summary: 'sets what an application is told of groups, and for whose members it is; what is absent stays',
    params: z.strictObject({ id: z.uuid() }),
    body: z.strictObject({
      /** Null: nothing. */
      groups: GroupsClaim.nullable().optional(),
      /** A security group, by id or display name. Null: it is for everybody. */
      forGroup: GroupText.nullable().optional(),
    }),
    reply: Application,
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
