import { z } from 'zod';
import { Empty, Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { GroupText } from './groups.ts';

/** How an application receives users' groups. */
export const GroupsClaim = z.enum(['ids', 'names']);
export type GroupsClaim = z.infer<typeof GroupsClaim>;

/** An OIDC relying party, to which users sign in. */
export const Application = z.strictObject({
  clientId: z.uuid(),
  name: z.string(),
  redirectUris: z.array(z.string()),
  postLogoutRedirectUris: z.array(z.string()),
  /** Whether it has a secret and proves itself by it. */
  secret: z.boolean(),
  createdAt: Timestamp,
  /** Absent: it receives no groups. */
  groups: GroupsClaim.optional(),
  /** Only members of this group may sign in; absent: everybody may. */
  forGroup: z
    .strictObject({
      id: z.uuid(),
      displayName: z.string().nullable(),
      /** False if it is deleted or is no security group any more. Then nobody may sign in. */
      usable: z.boolean(),
    })
    .optional(),
});
export type Application = z.infer<typeof Application>;

/** Complements `registerApplication` of the administration. */
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
      /** Null: none. */
      groups: GroupsClaim.nullable().optional(),
      /** A security group, by id or display name. Null: everybody may sign in. */
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
